"""The score is the sum of its parts, and every modifier can change it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.order_book import BookReading, InterestReading
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime, RegimeReading
from futtui.domain.side import Side
from futtui.domain.signal import SignalPart
from futtui.domain.timeframe import Timeframe
from futtui.signals import modifiers as modifiers_module
from futtui.signals.btc import BtcView
from futtui.signals.modifiers import ScoringContext
from futtui.signals.scorer import score_signal
from futtui.signals.settings import ScoringSettings, strategy_key
from tests.desk.world import START_MS, raw_signal

SETTINGS = ScoringSettings()
CALM = RegimeReading(Regime.RANGE, 0.9)


def frame(**changes: object) -> FrameReading:
    base = FrameReading(
        Timeframe.M15, START_MS, 100.0, atr=1.0, adx=20.0, rsi=50.0, flow=-1.0, volume_ratio=1.0, regime=CALM
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def context(signal: object = None, btc: BtcView | None = None, **changes: object) -> ScoringContext:
    raw = signal or raw_signal()
    return ScoringContext(raw, frame(**changes), btc or BtcView(False, 0.8, 0.0, 0.1), 1.0)  # type: ignore[arg-type]


def points(found: ScoringContext) -> dict[str, float]:
    return {part.name: part.points for part in score_signal(found, SETTINGS).parts}


optional = st.none() | st.floats(-200, 200, allow_nan=False)


@given(
    base=st.floats(-10, 10, allow_nan=False),
    own=st.lists(st.floats(-3, 3, allow_nan=False), max_size=5),
    side=st.sampled_from(Side),
    strategy=st.sampled_from(["break_retest", "atr_momentum", "volume_profile", "liquidity_sweep", "x"]),
    regime=st.sampled_from(Regime),
    late=st.booleans(),
    adx=optional,
    rsi=optional,
    flow=optional,
    volume_ratio=optional,
    correlation=st.none() | st.floats(-1, 1),
    move=optional,
)
def test_score_any_inputs_is_the_sum_of_its_parts(
    base: float,
    own: list[float],
    side: Side,
    strategy: str,
    regime: Regime,
    late: bool,
    adx: float | None,
    rsi: float | None,
    flow: float | None,
    volume_ratio: float | None,
    correlation: float | None,
    move: float | None,
) -> None:
    parts = tuple(SignalPart(f"part {number}", value, "own") for number, value in enumerate(own))
    raw = raw_signal(side, base_score=base, strategy=strategy, parts=parts)
    found = ScoringContext(
        raw,
        frame(
            adx=adx, rsi=rsi, flow=flow, volume_ratio=volume_ratio, regime=RegimeReading(regime, 0.5, late_trend=late)
        ),
        BtcView(False, correlation, move, None),
        1.0,
    )
    scored = score_signal(found, SETTINGS)
    assert scored.score == pytest.approx(sum(part.points for part in scored.parts), abs=1e-12)
    assert all(part.reason for part in scored.parts)
    assert all(part.points == 0.0 for part in scored.parts if not part.valid)
    share = sum(part.valid for part in scored.parts) / len(scored.parts)
    assert scored.completeness == share


@pytest.mark.parametrize(
    ("name", "changes", "wanted"),
    [
        ("volume", {"volume_ratio": 1.5}, 1.0),
        ("money flow", {"flow": 5.0}, 1.0),
        ("trend strength", {"adx": 31.0, "regime": RegimeReading(Regime.TREND_UP, 0.9)}, 1.0),
        ("late trend", {"regime": RegimeReading(Regime.TREND_UP, 0.9, late_trend=True)}, -1.0),
        ("volatility", {"atr": 2.1}, -0.5),
    ],
)
def test_modifier_crafted_input_changes_the_score(name: str, changes: dict[str, object], wanted: float) -> None:
    assert points(context())[name] == 0.0
    assert points(context(**changes))[name] == wanted


def test_rsi_extreme_counts_only_for_setups_against_a_move() -> None:
    against = raw_signal(Side.SHORT, strategy="volume_profile")
    assert points(context(against, rsi=75.0))["RSI"] == 0.5
    assert points(context(raw_signal(Side.SHORT, strategy="break_retest"), rsi=75.0))["RSI"] == 0.0
    assert points(context(against, rsi=25.0))["RSI"] == 0.0


def test_regime_trend_with_the_signal_lifts_break_retest_and_against_it_does_not() -> None:
    raw = raw_signal(Side.LONG, strategy="Break & Retest", base_score=2.0)
    up = points(context(raw, regime=RegimeReading(Regime.TREND_UP, 0.9)))
    down = points(context(raw, regime=RegimeReading(Regime.TREND_DOWN, 0.9)))
    assert (up["regime weight"], up["regime fit"]) == (1.0, 1.0)
    assert (down["regime weight"], down["regime fit"]) == (0.0, 0.0)
    quiet = points(context(raw, regime=CALM))
    assert quiet["regime weight"] == pytest.approx(-0.4)


def test_missing_inputs_give_no_points_and_lower_completeness() -> None:
    raw = raw_signal(regime=Regime.UNKNOWN)
    scored = score_signal(ScoringContext(raw, None, BtcView(False)), SETTINGS)
    assert scored.score == raw.base_score
    assert scored.completeness == pytest.approx(2 / 15)


@pytest.mark.parametrize(
    ("correlation", "move", "wanted"),
    [(1.0, -0.6, -2.0), (0.5, -0.6, -1.0), (-0.7, -0.6, 0.0), (1.0, -0.5, 0.0), (1.0, 3.0, 0.0), (None, -3.0, 0.0)],
)
def test_btc_filter_long_penalty_scales_with_correlation(correlation: float | None, move: float, wanted: float) -> None:
    assert points(context(btc=BtcView(False, correlation, move)))["BTC filter"] == pytest.approx(wanted)
    mirrored = context(raw_signal(Side.SHORT), btc=BtcView(False, correlation, -move))
    assert points(mirrored)["BTC filter"] == pytest.approx(wanted)


def test_btc_filter_on_btc_itself_does_not_apply() -> None:
    part = next(part for part in score_signal(context(btc=BtcView(True)), SETTINGS).parts if part.name == "BTC filter")
    assert part.points == 0.0
    assert part.valid


def test_btc_impulse_blocks_setups_against_a_move_only() -> None:
    wild = BtcView(False, 0.9, 0.0, 1.6)
    blocked = score_signal(context(raw_signal(strategy="volume_profile"), btc=wild), SETTINGS)
    assert blocked.filter_reason is not None
    assert "30 minutes" in blocked.filter_reason
    assert score_signal(context(raw_signal(strategy="break_retest"), btc=wild), SETTINGS).filter_reason is None


def test_threshold_own_value_of_a_strategy_wins_however_it_is_spelled() -> None:
    settings = ScoringSettings(strategy_thresholds={"Break & Retest": 4.5})
    assert settings.threshold_of("break_retest") == 4.5
    assert settings.threshold_of("atr_momentum") == 3.0
    assert strategy_key("Break & Retest") == strategy_key("BREAK_RETEST")


@pytest.mark.parametrize(("base", "passes"), [(3.0, True), (2.99, False), (float("nan"), False)])
def test_threshold_score_at_or_above_passes(base: float, passes: bool) -> None:
    assert (score_signal(context(raw_signal(base_score=base)), SETTINGS).filter_reason is None) is passes


def test_regime_weight_below_floor_refuses() -> None:
    raw = raw_signal(strategy="volume_profile", base_score=9.0)
    settings = ScoringSettings(regime_weight_floor=0.9)
    found = context(raw, regime=RegimeReading(Regime.TREND_UP, 0.9))
    reason = score_signal(found, settings).filter_reason
    assert reason is not None
    assert "up trend" in reason


def book(imbalance: float | None = 0.4, share: float | None = 0.9, **changes: object) -> BookReading:
    """A valid book that leans by `imbalance`, most of the time to the same side."""
    bid_share, ask_share = (share, 0.0) if (imbalance or 0.0) > 0.0 else (0.0, share)
    base = BookReading(
        "X", 0, True, imbalance=imbalance, bid_share=bid_share, ask_share=ask_share, samples=15, spread_bp=1.0
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def part_of(found: ScoringContext, name: str) -> SignalPart:
    return next(part for part in score_signal(found, SETTINGS).parts if part.name == name)


@given(st.sampled_from(list(Side)), st.floats(-1.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_order_book_mirrored_book_gives_the_other_side_the_same_points(
    side: Side, imbalance: float, bid_share: float, ask_share: float
) -> None:
    seen = book(imbalance, bid_share=bid_share, ask_share=ask_share)
    mirror = book(-imbalance, bid_share=ask_share, ask_share=bid_share)
    mine = part_of(replace(context(raw_signal(side)), book=seen), "order book")
    other = part_of(replace(context(raw_signal(side.opposite)), book=mirror), "order book")
    assert (mine.points, mine.valid) == (other.points, other.valid)


@pytest.mark.parametrize(("side", "imbalance"), [(Side.LONG, 0.3), (Side.SHORT, -0.3)])
def test_order_book_that_leans_to_the_signal_adds_points_and_against_it_none(side: Side, imbalance: float) -> None:
    plain = context(raw_signal(side))
    with_it = score_signal(replace(plain, book=book(imbalance)), SETTINGS).score
    against = score_signal(replace(plain, book=book(-imbalance)), SETTINGS).score
    assert with_it == score_signal(plain, SETTINGS).score + SETTINGS.book_points
    assert against == score_signal(plain, SETTINGS).score


@pytest.mark.parametrize(
    "seen",
    [
        None,
        book(valid=False, reason="updates are missing in between", imbalance=None),
        book(None),
        book(share=None),
        book(time_ms=-10_001),
        book(age_ms=10_001),
    ],
)
def test_order_book_that_cannot_be_trusted_is_an_invalid_part_without_points(seen: BookReading | None) -> None:
    part = part_of(replace(context(), book=seen), "order book")
    assert (part.points, part.valid, part.value) == (0.0, False, None)
    assert part.reason


def test_order_book_leaning_only_now_and_then_adds_nothing() -> None:
    assert part_of(replace(context(), book=book(0.9, share=0.6)), "order book").points == 0.0


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("change", "wanted"), [(0.99, 0.0), (1.0, 1.0), (3.0, 1.0), (3.01, 0.0), (-2.0, 0.0), (None, 0.0)]
)
def test_open_interest_growing_within_limits_adds_points_to_both_sides(
    side: Side, change: float | None, wanted: float
) -> None:
    found = replace(context(raw_signal(side)), interest=InterestReading("X", 0, True, change_1h_pct=change))
    part = part_of(found, "open interest")
    assert (part.points, part.valid) == (wanted, change is not None)


def test_open_interest_too_old_or_failed_is_unknown() -> None:
    old = InterestReading("X", -600_001, True, change_1h_pct=2.0)
    failed = InterestReading("X", 0, False, "the exchange has no history of it")
    for interest in (None, old, failed):
        assert not part_of(replace(context(), interest=interest), "open interest").valid


def failing(found: ScoringContext, settings: ScoringSettings) -> SignalPart:
    raise ZeroDivisionError("no volume")


def not_a_number(found: ScoringContext, settings: ScoringSettings) -> SignalPart:
    return SignalPart("not a number", math.nan, "0/0", math.nan)


@pytest.mark.parametrize(("modifier", "words"), [(failing, "ZeroDivisionError"), (not_a_number, "not a number")])
def test_score_part_that_fails_is_unavailable_and_spoils_no_other(modifier, words, monkeypatch: pytest.MonkeyPatch):
    whole = score_signal(context(volume_ratio=3.0), SETTINGS)
    monkeypatch.setattr(modifiers_module, "MODIFIERS", (modifier, *modifiers_module.MODIFIERS))
    spoiled = score_signal(context(volume_ratio=3.0), SETTINGS)
    found = next(part for part in spoiled.parts if part not in whole.parts)
    assert (found.points, found.valid, found.value) == (0.0, False, None)
    assert words in found.reason
    assert spoiled.score == whole.score
    assert spoiled.completeness < whole.completeness
    assert [part for part in spoiled.parts if part is not found] == list(whole.parts)
