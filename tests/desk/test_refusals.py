"""Every reason for which a signal is refused, and how refusals are told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from futtui.desk.settings import DeskSettings
from futtui.domain.effects import RecordSymbolState, Say
from futtui.domain.events import (
    BalanceChanged,
    BlockSymbol,
    ChangeMode,
    FeedState,
    RulesChanged,
    SetPaused,
    UnblockSymbol,
)
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalStatus, System, Trigger
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from futtui.risk.settings import CapSettings, EntrySettings, RiskSettings
from futtui.signals.settings import ScoringSettings
from tests.desk.world import START_MS, SYMBOL, World, raw_signal, rules, wide_settings


def refused(world: World, signal: RawSignal) -> str:
    found = world.signals[signal.signal_id]
    assert found.status is SignalStatus.REFUSED, found.status_reason
    assert found.position_id == ""
    return found.status_reason


def tried(world: World, signal: RawSignal | None = None, **changes: object) -> str:
    raw = signal or raw_signal(time_ms=world.now_ms)
    world.analyse(raw, **changes)  # type: ignore[arg-type]
    return refused(world, raw)


def test_refusal_late_result() -> None:
    assert "missed while offline" in tried(World(), late=True)


def test_refusal_reading_not_ready_gives_its_reason() -> None:
    assert tried(World(), ready=False) == "warming up"


def test_refusal_signal_after_its_validity() -> None:
    world = World()
    raw = raw_signal(time_ms=world.now_ms, valid_ms=-1)
    assert "validity" in tried(world, raw)


def test_refusal_paused_until_resumed() -> None:
    world = World()
    world.send(SetPaused(world.now_ms, True))
    assert world.desk.snapshot().paused
    assert tried(world) == "new trades are paused"
    world.send(SetPaused(world.now_ms, False))
    world.price(100.0)
    assert world.status_of(world.enter()) is SignalStatus.ACTIVE


def test_refusal_blocked_symbol_until_the_block_ends() -> None:
    world = World()
    world.send(BlockSymbol(world.now_ms, SYMBOL, world.now_ms + 10 * MINUTE_MS))
    assert world.desk.snapshot().blocked == {SYMBOL: (world.now_ms + 10 * MINUTE_MS, "blocked by you")}
    assert "blocked by you" in tried(world)
    effects = world.tick(10)
    assert any(isinstance(effect, RecordSymbolState) and effect.blocked_until_ms is None for effect in effects)
    assert world.status_of(world.enter()) is SignalStatus.ACTIVE


def test_refusal_block_is_lifted_by_command() -> None:
    world = World()
    world.send(BlockSymbol(world.now_ms, SYMBOL))
    world.send(UnblockSymbol(world.now_ms, SYMBOL))
    assert world.status_of(world.enter()) is SignalStatus.ACTIVE


def test_refusal_old_market_data_until_fresh() -> None:
    world = World()
    world.send(FeedState(world.now_ms, SYMBOL, False, "9 s without news"))
    assert "9 s without news" in tried(world)
    world.send(FeedState(world.now_ms, SYMBOL, True))
    world.price(100.0)
    assert world.status_of(world.enter()) is SignalStatus.ACTIVE


def test_refusal_rules_unknown() -> None:
    world = World()
    assert "rules" in tried(world, raw_signal(symbol="NEWUSDT", time_ms=world.now_ms))


def test_refusal_score_below_threshold_names_both() -> None:
    world = World()
    assert tried(world, raw_signal(time_ms=world.now_ms, base_score=2.9)) == "score 2.9 is below 3.0"


def test_refusal_opposite_signals_of_one_close_near_each_other_both_lose() -> None:
    world = World()
    long = raw_signal(Side.LONG, time_ms=world.now_ms, base_score=4.0)
    short = raw_signal(Side.SHORT, time_ms=world.now_ms, base_score=4.9)
    world.analyse(long, short)
    assert "too near" in refused(world, long)
    assert "too near" in refused(world, short)


def test_refusal_weaker_of_two_opposite_signals_loses() -> None:
    world = World()
    long = raw_signal(Side.LONG, time_ms=world.now_ms, base_score=4.0)
    short = raw_signal(Side.SHORT, time_ms=world.now_ms, base_score=5.0)
    world.analyse(long, short)
    assert "opposite" in refused(world, long)
    assert world.signals[short.signal_id].status is SignalStatus.ACTIVE


def test_refusal_counter_to_an_open_position_of_any_system() -> None:
    world = World()
    world.enter(Side.LONG)
    counter = raw_signal(Side.SHORT, time_ms=world.now_ms, system=System.ACTION_PRICE)
    assert "counter to the open long" in tried(world, counter)


def test_refusal_second_position_of_one_system_symbol_and_side() -> None:
    world = World()
    world.enter()
    other = raw_signal(time_ms=world.now_ms, strategy="break_retest")
    assert "its system already holds a long" in tried(world, other)


def test_two_systems_may_hold_the_same_side_of_a_symbol() -> None:
    world = World()
    world.enter()
    second = world.enter(system=System.ACTION_PRICE)
    assert world.signals[second.signal_id].status is SignalStatus.ACTIVE
    assert len(world.desk.snapshot().positions) == 2


def test_refusal_of_a_trade_that_bears_less_leverage_than_its_symbol_is_held_at() -> None:
    world = World()
    world.enter()
    wider = raw_signal(time_ms=world.now_ms, system=System.ACTION_PRICE, risk=3.0, atr=3.0)
    told = tried(world, wider)
    assert "is held at 20 times leverage" in told
    assert "at most 12 times" in told


def test_trade_that_bears_more_leverage_joins_what_is_held() -> None:
    world = World()
    world.enter(risk=3.0, atr=3.0)
    nearer = world.enter(system=System.ACTION_PRICE)
    assert world.signals[nearer.signal_id].status is SignalStatus.ACTIVE


def test_refusal_place_is_taken_by_a_waiting_signal() -> None:
    world = World()
    world.analyse(raw_signal(entry=99.0, time_ms=world.now_ms, trigger=Trigger.ARMED))
    again = raw_signal(entry=99.0, time_ms=world.now_ms + 1, trigger=Trigger.ARMED)
    assert "already has an open signal" in tried(world, again)


@pytest.mark.parametrize(
    ("price", "word"), [(98.9, "passed the stop"), (101.0, "passed the first target"), (100.3, "away"), (100.2, "pays")]
)
def test_refusal_at_the_real_price(price: float, word: str) -> None:
    world = World()
    world.price(price)
    assert word in tried(world)


@pytest.mark.parametrize("trigger", list(Trigger))
@pytest.mark.parametrize(("atr", "word"), [(2.0, "only 0.50 ATR"), (0.2, "5.00 ATR"), (0.0, "not known")])
def test_refusal_stop_distance_in_atr(trigger: Trigger, atr: float, word: str) -> None:
    world = World()
    assert word in tried(world, raw_signal(time_ms=world.now_ms, atr=atr, trigger=trigger))


@pytest.mark.parametrize("trigger", list(Trigger))
def test_refusal_levels_that_do_not_hold_together(trigger: Trigger) -> None:
    world = World()
    raw = raw_signal(time_ms=world.now_ms, rewards=(1.0, 1.0, 2.0), trigger=trigger)
    assert "target 2" in tried(world, raw)


def test_refusal_target_outside_the_prices_of_the_exchange() -> None:
    world = World(symbol_rules=rules(max_price=Decimal(102)))
    assert "outside the prices" in tried(world)


def test_refusal_too_small_for_the_minimum() -> None:
    world = World(symbol_rules=rules(min_notional=Decimal(1_000_000)))
    assert "too small" in tried(world)


def test_refusal_costs_when_asked_for() -> None:
    strict = wide_settings()
    risk = replace(strict.risk, entry=EntrySettings(refuse_cost_dominated=True, min_stop_atr=0.1))
    world = World(replace(strict, risk=risk))
    assert "fees" in tried(world, raw_signal(time_ms=world.now_ms, risk=0.4))
    mild = World(wide_settings())
    marked = raw_signal(time_ms=mild.now_ms, risk=0.5, atr=0.5)
    mild.analyse(marked)
    assert mild.signals[marked.signal_id].tags == ("cost-dominated",)


@pytest.mark.parametrize(("risk", "told"), [(0.46, "0.30 R"), (0.1, "1.40 R")])
def test_refusal_cost_gate_names_the_share_of_the_risk(risk: float, told: str) -> None:
    raw = raw_signal(time_ms=START_MS + 1000, risk=risk, atr=risk)
    settings = wide_settings()
    shipped = World(replace(settings, risk=replace(settings.risk, entry=EntrySettings())))
    assert f"fees and slippage would cost {told}" in tried(shipped, raw)


def test_cost_gate_own_limit_of_a_strategy_and_zero_for_none() -> None:
    settings = wide_settings()
    entry = EntrySettings(max_cost_r=0.0, strategy_max_cost_r={"picky": 0.1})
    world = World(replace(settings, risk=replace(settings.risk, entry=entry)))
    assert "at most 0.1 R" in tried(world, raw_signal(time_ms=world.now_ms, strategy="picky"))
    world.price(100.0)
    world.enter(risk=0.2, atr=0.2)
    assert len(world.desk.snapshot().positions) == 1


def test_block_of_a_strategy_leaves_other_strategies_and_symbols_alone() -> None:
    world = World(symbols=(SYMBOL, "C1USDT"))
    world.send(BlockSymbol(world.now_ms, SYMBOL, world.now_ms + HOUR_MS, "lost too often", "order_flow"))
    assert tried(world, raw_signal(time_ms=world.now_ms, strategy="order_flow")) == (
        f"order_flow on {SYMBOL} is lost too often"
    )
    world.enter(strategy="order_flow", symbol="C1USDT")
    world.enter(strategy="atr_momentum")
    assert {each.symbol for each in world.desk.snapshot().positions} == {SYMBOL, "C1USDT"}


def test_block_of_a_strategy_everywhere_ends_at_its_time_and_by_command() -> None:
    world = World(symbols=(SYMBOL, "C1USDT"))
    world.send(BlockSymbol(world.now_ms, "", world.now_ms + HOUR_MS, strategy="order_flow"))
    assert "order_flow is blocked by you" in tried(world, raw_signal(time_ms=world.now_ms, strategy="order_flow"))
    world.tick(60)
    assert world.desk.snapshot().blocked == {}
    world.send(BlockSymbol(world.now_ms, "", strategy="order_flow"))
    world.send(UnblockSymbol(world.now_ms, "", "order_flow"))
    assert world.desk.snapshot().blocked == {}


def test_refusal_live_before_the_balance_is_known() -> None:
    world = World(mode=TradingMode.LIVE)
    assert "balance" in tried(world)
    world.send(BalanceChanged(world.now_ms, TradingMode.LIVE, Decimal(500)))
    world.price(100.0)
    world.enter()
    (position,) = world.desk.snapshot().positions
    assert position.mode is TradingMode.LIVE
    assert position.quantity == pytest.approx(2.5)


def test_refusal_reached_level_while_paused() -> None:
    world = World()
    raw = raw_signal(entry=99.0, time_ms=world.now_ms, trigger=Trigger.ARMED)
    world.analyse(raw)
    world.send(SetPaused(world.now_ms, True))
    world.price(99.0)
    assert refused(world, raw) == "new trades are paused"


# --- limits of the account -----------------------------------------------------------------------------------------


def crowd(count: int) -> tuple[str, ...]:
    return tuple(f"COIN{number}USDT" for number in range(count))


def capped(**caps: object) -> DeskSettings:
    wide = wide_settings()
    values = {"max_positions": 50, "max_same_direction": 50, "max_open_risk_pct": 50.0, "day_loss_limit_pct": 50.0}
    return replace(wide, risk=replace(wide.risk, caps=CapSettings(**{**values, **caps})))  # type: ignore[arg-type]


def test_cap_eleventh_position_is_refused() -> None:
    symbols = crowd(11)
    world = World(capped(max_positions=10), symbols=symbols)
    for symbol in symbols[:10]:
        world.enter(symbol=symbol)
    assert len(world.desk.snapshot().positions) == 10
    last = world.enter(symbol=symbols[10])
    assert refused(world, last) == "10 positions are open, the limit is 10"


def test_cap_one_direction_is_full_while_the_other_is_free() -> None:
    symbols = crowd(4)
    world = World(capped(max_same_direction=2), symbols=symbols)
    for symbol in symbols[:2]:
        world.enter(symbol=symbol)
    assert "2 long positions" in refused(world, world.enter(symbol=symbols[2]))
    short = world.enter(Side.SHORT, symbol=symbols[3])
    assert world.signals[short.signal_id].status is SignalStatus.ACTIVE


def test_cap_open_risk_is_freed_by_a_stop_at_break_even() -> None:
    symbols = crowd(3)
    world = World(capped(max_open_risk_pct=1.02), symbols=symbols)
    for symbol in symbols[:2]:
        world.enter(symbol=symbol)
    assert "open risk would be" in refused(world, world.enter(symbol=symbols[2]))
    world.price(101.0, symbol=symbols[0])
    freed = world.enter(symbol=symbols[2])
    assert world.signals[freed.signal_id].status is SignalStatus.ACTIVE


def test_cap_day_loss_counts_open_losses_and_ends_at_midnight_utc() -> None:
    symbols = crowd(5)
    world = World(capped(day_loss_limit_pct=1.0), symbols=symbols)
    world.enter(symbol=symbols[0])
    world.enter(symbol=symbols[1])
    world.price(99.0, symbol=symbols[0])
    assert len(world.trades) == 1
    world.price(99.1, symbol=symbols[1])
    assert "day loss limit of 1 %" in refused(world, world.enter(symbol=symbols[2]))
    assert world.desk.snapshot().account.day_loss_left_pct == 0.0
    world.now_ms = START_MS + DAY_MS
    fresh = world.enter(symbol=symbols[3])
    assert world.signals[fresh.signal_id].status is SignalStatus.ACTIVE


def test_cap_losses_in_a_row_pause_and_a_win_resets_them() -> None:
    symbols = crowd(4)
    world = World(capped(loss_streak=2, loss_streak_pause_minutes=30), symbols=symbols)
    for symbol in symbols[:2]:
        world.enter(symbol=symbol)
        world.price(99.0, symbol=symbol)
    assert "2 losses in a row" in refused(world, world.enter(symbol=symbols[2]))
    world.now_ms += 30 * MINUTE_MS
    later = world.enter(symbol=symbols[3])
    assert world.signals[later.signal_id].status is SignalStatus.ACTIVE


def test_caps_of_one_account_do_not_bind_the_other() -> None:
    symbols = crowd(2)
    world = World(capped(max_positions=1), symbols=symbols)
    world.enter(symbol=symbols[0])
    world.send(ChangeMode(world.now_ms, TradingMode.PAPER))
    paper = world.enter(symbol=symbols[1])
    assert world.signals[paper.signal_id].status is SignalStatus.ACTIVE


# --- how it is told ------------------------------------------------------------------------------------------------


def test_repeated_refusals_are_told_in_few_lines() -> None:
    symbols = crowd(40)
    world = World(symbols=symbols)
    world.send(SetPaused(world.now_ms, True))
    for symbol in symbols:
        world.enter(symbol=symbol)
    world.tick(15)
    told = [effect.text for effect in world.effects if isinstance(effect, Say) and effect.topic == "filter"]
    assert len(told) == 2
    assert told[0] == "COIN0USDT long skipped: new trades are paused"
    assert told[1] == "39 more signals skipped in 15 minutes: trading paused 39"


def test_refused_signals_are_recorded_with_score_and_reason() -> None:
    world = World()
    raw = raw_signal(time_ms=world.now_ms, base_score=1.0)
    world.analyse(raw)
    stored = world.signals[raw.signal_id]
    assert stored.score == sum(part.points for part in stored.parts)
    assert stored.needed_score == ScoringSettings().threshold > stored.score
    assert stored in world.desk.snapshot().signals


def test_default_settings_pass_a_sound_signal() -> None:
    world = World(DeskSettings(risk=RiskSettings()))
    assert world.status_of(world.enter(risk=1.5)) is SignalStatus.ACTIVE


def test_rules_change_reaches_open_positions() -> None:
    world = World()
    world.enter(rewards=(1.0, 2.0, 9.0))
    world.send(RulesChanged(world.now_ms, rules(tick_size=Decimal("0.1"))))
    world.price(101.0)
    (stop,) = world.stops()
    assert stop.trigger_price is not None
    assert stop.trigger_price % Decimal("0.1") == 0


NOWHERE = float("nan")


@pytest.mark.parametrize("trigger", list(Trigger))
@pytest.mark.parametrize(
    "levels",
    [
        Levels(Side.LONG, NOWHERE, 99.0, (101.0,)),
        Levels(Side.LONG, 100.0, NOWHERE, (101.0,)),
        Levels(Side.LONG, 100.0, 99.0, (NOWHERE,)),
        Levels(Side.LONG, 100.0, 99.0, (float("inf"),)),
        Levels(Side.LONG, 100.0, 99.0, ()),
        Levels(Side.LONG, 100.0, 100.0, (101.0,)),
        Levels(Side.LONG, 100.0, -1.0, (101.0,)),
        Levels(Side.SHORT, 100.0, 101.0, (99.0,)),
    ],
)
def test_refusal_impossible_levels_never_raise(trigger: Trigger, levels: Levels) -> None:
    world = World()
    assert tried(world, raw_signal(time_ms=world.now_ms, levels=levels, trigger=trigger))


def test_refusal_score_that_is_not_a_number() -> None:
    world = World()
    assert "nan" in tried(world, raw_signal(time_ms=world.now_ms, base_score=NOWHERE))
