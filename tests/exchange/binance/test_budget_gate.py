"""429 and bans: how long nothing leaves, how slowly it starts again, what a restart remembers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.exchange.binance.budget import BanAlert, BanFile, RequestBudget, counts_of
from futtui.exchange.binance.budget.ban_file import WRITE_TRIES, BanRecord
from futtui.exchange.binance.errors import Banned, RateLimited, Refused, ban_end_ms, error_from_answer
from futtui.exchange.ports import Lane
from tests.exchange.binance.budget_world import MINUTE, ScriptedTime

HOST = "https://exchange.example"
CAP = 1680


class World:
    """A budget with a scripted clock, a list of alerts, and a data folder that survives restarts."""

    def __init__(self, folder: Path | None = None) -> None:
        self.time = ScriptedTime()
        self.alerts: list[BanAlert] = []
        self.file = BanFile(folder / "ban.json", HOST) if folder else None
        self.left: list[tuple[int, int]] = []
        self.budget = self.start()

    def start(self) -> RequestBudget:
        self.budget = RequestBudget(
            self.time, sleep=self.time.sleep, on_alert=self.alerts.append, ban_file=self.file, jitter=lambda: 0.4
        )
        return self.budget

    async def request(self, weight: int = 1, lane: Lane = Lane.CATCH_UP) -> bool:
        """Whether it was let through."""
        try:
            async with self.budget.reserve(weight, lane=lane):
                self.left.append((self.time(), weight))
                return True
        except Banned:
            return False

    def spent(self, first_ms: int, last_ms: int) -> int:
        return sum(weight for time_ms, weight in self.left if first_ms <= time_ms < last_ms)


async def test_429_stops_all_but_protection_and_halves_the_budget_for_ten_minutes() -> None:
    world = World()
    start = world.time()
    world.budget.too_many(start + 17_000)
    assert (world.budget.view().gate, world.budget.closed_until_ms) == ("paused", start + 17_000)
    assert world.budget.view().gate_text == "too many requests: futtui asks again at 00:10:17 UTC"
    async with world.budget.reserve(1, lane=Lane.PROTECT):
        assert world.time() == start
    async with world.budget.reserve(1, lane=Lane.CLOSED_CANDLES):
        assert start + 17_000 <= world.time() <= start + 17_300
    assert (world.budget.view().gate, world.budget.cap) == ("slowed", CAP // 2)
    while world.time() < start + 14 * MINUTE:
        await world.request(10)
    for minute in range(1, 10):
        assert world.spent(start + minute * MINUTE, start + (minute + 1) * MINUTE) <= CAP // 2
    assert world.spent(start + 11 * MINUTE, start + 12 * MINUTE) > CAP // 2
    assert world.budget.view().gate == "open"
    assert world.alerts == []


async def test_418_refuses_everything_until_its_end_and_some_seconds_then_ramps_up() -> None:
    world = World()
    until = world.time() + 3 * MINUTE
    opens = until + 5_000 + 2_000
    world.budget.ban_until(Banned(until))
    while world.time() < opens:
        for lane in Lane:
            assert not await world.request(1, lane)
        await world.time.sleep(1.0)
    assert world.left == []
    while world.time() < opens + 4 * MINUTE:
        await world.request(7)
    spent = [world.spent(opens + minute * MINUTE, opens + (minute + 1) * MINUTE) for minute in range(4)]
    assert 150 <= spent[0] <= CAP * 0.10
    assert CAP * 0.10 < spent[1] <= CAP * 0.30
    assert CAP * 0.30 < spent[2] <= CAP
    assert [alert.started for alert in world.alerts] == [True, False]


async def test_ban_reaches_requests_that_already_wait() -> None:
    world = World()
    await world.request(CAP)
    waiting = [asyncio.ensure_future(world.request(10)) for _ in range(5)]
    await asyncio.sleep(0)
    world.budget.ban_until(Banned(world.time() + 10 * MINUTE))
    assert await asyncio.gather(*waiting) == [False] * 5
    assert (world.budget.waiting, world.budget.reserved) == (0, 0)


async def test_longer_ban_during_a_ban_prolongs_it_without_another_alert() -> None:
    world = World()
    start = world.time()
    world.budget.ban_until(Banned(start + 2 * MINUTE))
    world.budget.ban_until(Banned(start + MINUTE))
    world.budget.ban_until(Banned(start + 9 * MINUTE))
    assert world.budget.closed_until_ms == start + 9 * MINUTE + 7_000
    world.time.now_ms = start + 10 * MINUTE
    world.budget.view()
    assert [alert.started for alert in world.alerts] == [True, False]


@settings(max_examples=60, deadline=None)
@given(ban_s=st.integers(120, 86_400), restarts=st.lists(st.floats(0, 1.3), max_size=4))
async def test_restarts_in_the_middle_of_a_ban_let_nothing_leave_and_tell_it_twice(
    tmp_path_factory: pytest.TempPathFactory, ban_s: int, restarts: list[float]
) -> None:
    world = World(tmp_path_factory.mktemp("home"))
    start = world.time()
    until = start + ban_s * 1000
    world.budget.ban_until(Banned(until))
    for moment in sorted(restarts):
        world.time.now_ms = start + moment * ban_s * 1000
        world.start()
        for lane in Lane:
            await world.request(1, lane)
    world.time.now_ms = max(world.time.now_ms, until + 20_000)
    world.budget.view()
    assert all(time_ms >= until + 5_000 for time_ms, _ in world.left)
    assert await world.request()
    assert [alert.started for alert in world.alerts] == [True, False]


async def test_restart_after_a_ban_still_ramps_up(tmp_path: Path) -> None:
    world = World(tmp_path)
    until = world.time() + 2 * MINUTE
    world.budget.ban_until(Banned(until))
    world.time.now_ms = until + 10_000
    assert await world.request()
    world.start()
    assert (world.budget.cap, world.budget.view().gate) == (CAP // 10, "ramp")
    assert [alert.started for alert in world.alerts] == [True, False]


async def test_ban_of_one_host_does_not_close_another(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.budget.ban_until(Banned(world.time() + MINUTE))
    other = BanFile(tmp_path / "ban.json", "https://other.example")
    assert other.load() is None
    other.save(BanRecord(5, 6))
    assert BanFile(tmp_path / "ban.json", HOST).load() is not None


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"https://exchange.example": 5}', b"\xff\xfe"])
async def test_broken_ban_file_is_ignored_and_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ban.json").write_bytes(content)
    world = World(tmp_path)
    assert await world.request()
    world.budget.ban_until(Banned(world.time() + MINUTE))
    world.start()
    assert not await world.request()


def test_ban_file_that_another_program_holds_is_written_at_a_later_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    real_replace = Path.replace

    def held(self: Path, target: Path) -> Path:
        if len(pauses) < 3:
            raise PermissionError("held by another program")
        return real_replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    file = BanFile(tmp_path / "ban.json", HOST, pause=pauses.append)
    file.save(BanRecord(5, 6))
    assert file.load() == BanRecord(5, 6)
    assert len(pauses) == 3


def test_ban_file_in_a_folder_that_cannot_be_written_does_not_stop_the_program(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    pauses: list[float] = []
    BanFile(tmp_path / "file" / "ban.json", HOST, pause=pauses.append).save(BanRecord(5, 6))
    assert len(pauses) == WRITE_TRIES - 1


async def test_firewall_that_refuses_again_and_again_is_asked_less_and_less() -> None:
    world = World()
    pauses = []
    for _ in range(7):
        started = world.time()
        world.budget.ban_until(Banned(started + 2 * MINUTE, firewall=True))
        pauses.append((world.budget.closed_until_ms - started - 7_000) // MINUTE)
        world.time.now_ms = world.budget.closed_until_ms + 1_000
        world.budget.view()
    assert pauses == [2, 4, 8, 16, 32, 32, 32]
    assert len(world.alerts) == 14
    world.time.now_ms += 20 * MINUTE
    world.budget.ban_until(Banned(world.time() + 2 * MINUTE, firewall=True))
    assert world.budget.closed_until_ms - world.time() == 2 * MINUTE + 7_000


# What counts as which refusal

NOW = 1_790_000_000_000
BAN_TEXT = b'{"code": -1003, "msg": "Way too many requests; IP(1.2.3.4) banned until %d. Please use the websocket."}'


@pytest.mark.parametrize("status", [400, 403, 418, 429])
def test_ban_text_is_a_ban_whatever_its_status(status: int) -> None:
    error = error_from_answer(status, {}, BAN_TEXT % (NOW + 9_000), now_ms=NOW, changes_state=False)
    assert isinstance(error, Banned)
    assert error.until_ms == NOW + 9_000


def test_ban_that_is_over_by_our_clock_lasts_two_minutes() -> None:
    assert ban_end_ms((BAN_TEXT % (NOW - 5_000)).decode(), {}, NOW) == NOW + 2 * MINUTE


@pytest.mark.parametrize(
    ("status", "body", "orders", "until_ms"),
    [
        (429, b"<html>slow down</html>", False, NOW // MINUTE * MINUTE + MINUTE),
        (400, b'{"code": -1003, "msg": "Too many requests."}', False, NOW // MINUTE * MINUTE + MINUTE),
        (
            429,
            b'{"code": -1015, "msg": "Too many new orders; current limit is 300 orders per TEN_SECONDS."}',
            True,
            NOW // 10_000 * 10_000 + 10_000,
        ),
        (400, b'{"code": -1015, "msg": "Too many new orders; 1200 per MINUTE"}', True, NOW // MINUTE * MINUTE + MINUTE),
    ],
)
def test_too_many_requests_and_too_many_orders_are_told_apart(
    status: int, body: bytes, orders: bool, until_ms: int
) -> None:
    error = error_from_answer(status, {}, body, now_ms=NOW, changes_state=True)
    assert isinstance(error, RateLimited)
    assert (error.orders, error.until_ms) == (orders, until_ms)


def test_403_with_a_code_is_a_refusal_and_no_ban() -> None:
    body = b'{"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}'
    assert isinstance(error_from_answer(403, {}, body, now_ms=NOW, changes_state=False), Refused)


DAY = 24 * 60 * MINUTE


@pytest.mark.parametrize("text", ["banned until 9999999999999", "IP banned until 4102444800000."])
def test_ban_text_beyond_every_ban_of_the_exchange_lasts_as_long_as_its_longest(text: str) -> None:
    assert ban_end_ms(text, {}, 1_700_000_000_000) == 1_700_000_000_000 + 3 * DAY


@pytest.mark.parametrize("value", ["²", "٣", "9" * 5000, "-5", "1.5", "", "soon"])
def test_retry_after_that_is_no_number_of_seconds_counts_as_none(value: str) -> None:
    error = error_from_answer(418, {"Retry-After": value}, b"", now_ms=MINUTE, changes_state=False)
    assert isinstance(error, Banned)
    assert error.until_ms == MINUTE + 5 * MINUTE


def test_retry_after_of_years_is_cut_to_the_longest_ban() -> None:
    error = error_from_answer(418, {"Retry-After": "999999999"}, b"", now_ms=MINUTE, changes_state=False)
    assert isinstance(error, Banned)
    assert error.until_ms == MINUTE + 3 * DAY


async def test_remembered_ban_that_no_exchange_can_have_spoken_is_not_believed(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert world.file is not None
    world.file.save(BanRecord(world.time() + 400 * DAY, world.time() + 400 * DAY + 7_000))
    world.start()
    assert await world.request()
    assert world.budget.closed_until_ms == 0
    assert world.budget.view().gate == "open"
    world.file.save(BanRecord(world.time() + 3 * DAY, world.time() + 3 * DAY + 7_000))
    world.start()
    assert not await world.request()


@pytest.mark.parametrize("header", ["²", "9" * 5000, "-1", "1e3"])
def test_count_in_a_header_that_is_no_count_is_left_out(header: str) -> None:
    assert counts_of({"X-MBX-USED-WEIGHT-1M": header}).weight is None
