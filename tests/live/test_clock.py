"""The exchange's time against a made-up exchange whose true time is known."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.errors import ExchangeError
from futtui.live.clock import ExchangeClock

START_MS = 1_800_000_000_000
DAY_S = 86_400


@dataclass
class World:
    """True exchange time, and a PC whose steady clock runs `drift` faster than it should."""

    speed: float = 1.0
    drift: float = 0.0
    real_s: float = 100.0
    slipped_ms: float = 0.0
    clock: ExchangeClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = ExchangeClock(self.speed, lambda: 50.0 + self.real_s * (1.0 + self.drift))

    @property
    def true_ms(self) -> float:
        return START_MS + (self.real_s - 100.0) * 1000.0 * self.speed - self.slipped_ms

    def message(self, delay_s: float) -> int:
        """A message that was `delay_s` on the way arrives now; returns its time."""
        time_ms = int(self.true_ms - delay_s * 1000.0 * self.speed)
        self.clock.observe(time_ms)
        return time_ms

    @property
    def error_ms(self) -> float:
        """How far the estimate is ahead of the truth."""
        return self.clock.now_ms() - self.true_ms


@given(
    st.lists(st.tuples(st.floats(0.01, 5.0), st.floats(0.02, 30.0)), min_size=1, max_size=60),
    st.sampled_from([1.0, 60.0]),
)
def test_exchange_clock_late_messages_never_put_it_ahead_nor_further_behind_than_the_quickest(
    messages: list[tuple[float, float]], speed: float
) -> None:
    world = World(speed)
    arrived: list[tuple[float, float]] = []
    for pause_s, delay_s in messages:
        world.real_s += pause_s
        world.message(delay_s)
        arrived.append((world.real_s, delay_s))
        quickest = min(delay for at, delay in arrived if world.real_s - at < 30.0 / speed)
        assert -quickest * 1000.0 * speed - 2 <= world.error_ms <= 1


@pytest.mark.parametrize("drift", [2e-4, -2e-4])
def test_exchange_clock_pc_that_runs_at_another_pace_for_a_week_stays_right(drift: float) -> None:
    world = World(drift=drift)
    for step in range(7 * DAY_S // 10):
        world.real_s += 10.0
        world.message(0.05 if step % 3 else 0.4)
    assert abs(world.error_ms + 50.0) < 20.0


def test_exchange_clock_fast_exchange_that_fell_behind_is_followed_within_a_second() -> None:
    world = World(speed=60.0)
    for _ in range(100):
        world.real_s += 0.1
        world.message(0.001)
    world.slipped_ms = 120_000.0
    for _ in range(12):
        world.real_s += 0.1
        world.message(0.001)
    assert abs(world.error_ms) < 0.01 * 1000 * 60


def test_exchange_clock_after_hours_without_messages_the_first_one_decides() -> None:
    world = World(drift=1e-3)
    world.message(0.0)
    world.real_s += 8 * 3600.0
    assert world.error_ms > 20_000.0
    world.message(0.0)
    assert abs(world.error_ms) <= 1


def test_exchange_clock_lateness_is_what_a_message_took_longer_than_the_quickest_in_real_time() -> None:
    for speed in (1.0, 60.0):
        world = World(speed)
        world.message(0.0)
        world.real_s += 0.2
        assert world.clock.lateness_ms(world.message(0.15)) == pytest.approx(150, abs=2)
        assert world.clock.lateness_ms(int(world.true_ms) + 60_000) == 0


def test_exchange_clock_in_lockstep_moves_by_observation_only() -> None:
    world = World(speed=0.0)
    world.clock.observe(START_MS + 1)
    world.real_s += 100.0
    world.clock.observe(START_MS)
    assert world.clock.now_ms() == world.clock.signing_ms() == START_MS + 1
    assert world.clock.lateness_ms(START_MS) == 0


# --- messages whose time is wrong ----------------------------------------------------------------------------------


def hear(world: World, ahead_ms: int = 0) -> bool:
    return world.clock.hear(int(world.true_ms) + ahead_ms)


@pytest.mark.parametrize("wrong_at", [1, 15, 29])
@pytest.mark.parametrize("ahead_ms", [4_000, 3_600_000])
def test_exchange_clock_one_message_ahead_of_all_others_moves_nothing(wrong_at: int, ahead_ms: int) -> None:
    world = World()
    for step in range(1_200):
        world.real_s += 0.1
        wrong = step == wrong_at * 10
        assert hear(world, ahead_ms if wrong else 0) is not wrong
        assert world.clock.signing_ms() - world.true_ms <= 1


def test_exchange_clock_time_that_the_exchange_refused_is_forgotten_with_the_next_one_it_tells() -> None:
    world = World()
    hear(world)
    for _ in range(20):  # each a little further, so that every one is believed
        world.real_s += 0.01
        hear(world, int(world.error_ms) + 1_900)
    assert world.error_ms > 20_000
    world.clock.restart(int(world.true_ms))
    assert abs(world.error_ms) <= 1
    world.real_s += 1.0
    hear(world)
    assert abs(world.error_ms) <= 1


@pytest.mark.parametrize("slept_s", [20.0, 8 * 3600.0])
def test_exchange_clock_pc_that_slept_with_its_steady_clock_believes_what_all_messages_say(slept_s: float) -> None:
    world = World()
    hear(world)
    world.slipped_ms = -slept_s * 1000.0
    believed = []
    for _ in range(40):
        world.real_s += 0.1
        believed.append(hear(world))
    assert not any(believed[:25])
    assert all(believed[35:])
    assert abs(world.error_ms) <= 1


def test_exchange_clock_in_lockstep_and_before_any_time_every_message_is_believed() -> None:
    world = World(speed=0.0)
    assert hear(world)
    assert world.clock.hear(int(world.true_ms) + 120_000)
    assert World(speed=1.0).clock.hear(START_MS + 10**9)


# --- the exchange is asked -----------------------------------------------------------------------------------------


class Answers:
    """Tells the time as it was when the question arrived; the answer is `late_s` on its way back."""

    def __init__(self, world: World, *late_s: float, fails_after: int = 9) -> None:
        self.world, self.late_s, self.fails_after = world, list(late_s), fails_after
        self.asked = 0

    async def time_ms(self) -> int:
        self.asked += 1
        if self.asked > self.fails_after:
            raise ExchangeError("No answer.")
        told_ms = int(self.world.true_ms)
        self.world.real_s += self.late_s.pop(0)
        return told_ms


@pytest.mark.parametrize(
    ("late_s", "asked", "behind_ms"),
    [((0.9, 0.1), 1, 900), ((2.5, 0.1), 2, 100), ((2.5, 3.5), 2, 2_500)],
)
async def test_exchange_clock_time_that_came_late_is_asked_for_once_more_and_the_quicker_answer_counts(
    late_s: tuple[float, ...], asked: int, behind_ms: int
) -> None:
    world = World()
    hear(world, 20_000)
    answers = Answers(world, *late_s)
    await world.clock.resync(answers.time_ms)
    assert answers.asked == asked
    assert world.error_ms == pytest.approx(-behind_ms, abs=2)


async def test_exchange_clock_second_question_without_an_answer_leaves_the_first_answer() -> None:
    world = World()
    await world.clock.resync(Answers(world, 2.5, fails_after=1).time_ms)
    assert world.error_ms == pytest.approx(-2_500, abs=2)
    with pytest.raises(ExchangeError):
        await world.clock.resync(Answers(world, fails_after=0).time_ms)
    assert world.error_ms == pytest.approx(-2_500, abs=2)


def test_exchange_clock_that_lags_is_set_right_though_one_stream_lags_by_as_much() -> None:
    world = World()
    hear(world)
    world.clock.restart(int(world.true_ms) - 2_500)
    discarded = 0
    for step in range(400):
        world.real_s += 0.05
        if step % 10 == 0:
            assert hear(world, -2_300)
        discarded += not hear(world, -60)
    assert 50 <= discarded <= 70
    assert abs(world.error_ms + 60) <= 2


def test_exchange_clock_few_messages_ahead_move_nothing_however_long_they_come() -> None:
    world = World()
    for step in range(1_200):
        world.real_s += 0.05
        assert hear(world)
        if step % 3 == 0:
            assert not hear(world, 4_000)
        assert abs(world.error_ms) <= 1
