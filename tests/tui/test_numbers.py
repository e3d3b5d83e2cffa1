"""Numbers on screen: fixed width, sign always right, nothing raised for odd values."""

from __future__ import annotations

from datetime import timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.tui.compat.clock import load_zone
from futtui.tui.paint import numbers
from futtui.tui.paint.text import fit, fit_line, line_text, line_width, width_of, wrap
from tests.tui.fake_engine import rules

prices = st.floats(min_value=1e-8, max_value=1e7, allow_nan=False)


@given(prices, st.sampled_from(["0.1", "0.01", "0.0001", "0.00000001", "1"]))
def test_price_text_has_the_decimals_of_the_tick(price: float, tick: str) -> None:
    shown = numbers.price_text(price, rules("AUSDT", tick))
    _, _, decimals = shown.partition(".")
    assert len(decimals) == max(0, -Decimal(tick).normalize().as_tuple().exponent)
    assert abs(float(shown.replace(",", "")) - price) <= float(tick) * 0.51 + price * 1e-15


@given(prices)
def test_price_text_without_rules_keeps_at_least_four_figures(price: float) -> None:
    shown = float(numbers.price_text(price).replace(",", ""))
    assert abs(shown - price) <= price * 1e-3 or price < 1e-6


@given(prices, st.floats(min_value=0, max_value=0.05), st.integers(min_value=11, max_value=30))
def test_band_text_gives_up_decimals_but_never_both_edges(low: float, share: float, width: int) -> None:
    text = numbers.band_text(low, low * (1 + share), rules("AUSDT", "0.0001"), width)
    first, _, second = text.partition("-")
    whole = f"{first[: len(first) - len(second)]}{second}" if len(second) < len(first) else second
    assert float(whole.replace(",", "")) >= float(first.replace(",", ""))


@pytest.mark.parametrize(
    ("low", "high", "tick", "width", "text"),
    [
        (64_330.0, 64_390.0, "0.1", 17, "64,330.0-64,390.0"),
        (64_330.0, 64_390.0, "0.1", 13, "64,330-64,390"),
        (0.019376, 0.019454, "0.000001", 17, "0.019376-0.019454"),
        (0.019376, 0.019454, "0.000001", 13, "0.019376-454"),
        (0.06358, 0.06359, "0.00001", 13, "0.06358-359"),
        (0.0996, 0.1004, "0.0001", 12, "0.0996-1004"),
    ],
)
def test_band_text_shortens_the_upper_end_only_where_both_begin_alike(
    low: float, high: float, tick: str, width: int, text: str
) -> None:
    assert numbers.band_text(low, high, rules("AUSDT", tick), width) == text


@given(st.floats(min_value=-1e9, max_value=1e9, allow_nan=False))
def test_signed_text_shows_the_sign_of_what_it_shows(amount: float) -> None:
    text = numbers.signed_text(amount)
    value = float(text.replace(",", ""))
    assert text[0] == ("+" if value > 0 else "-" if value < 0 else "0")


@given(st.integers(min_value=-5, max_value=900 * 86_400_000))
def test_age_text_fits_four_cells(age_ms: int) -> None:
    assert len(numbers.age_text(age_ms)) <= 4


@pytest.mark.parametrize(
    ("age_ms", "short", "long"),
    [
        (9_999, "9s", "9 s"),
        (60_000, "1m", "1 min"),
        (7_560_000, "2h06", "2 h 6 min"),
        (50_000_000, "13h", "13 h 53 min"),
        (3 * 86_400_000, "3d", "3 days"),
    ],
)
def test_age_text_examples(age_ms: int, short: str, long: str) -> None:
    assert numbers.age_text(age_ms) == short
    assert numbers.long_age_text(age_ms) == long


def test_unknown_values_are_not_zero() -> None:
    assert numbers.price_text(None) == "n/a"
    assert numbers.percent_text(None) == "n/a"
    assert numbers.signed_percent_text(None) == "n/a"
    assert numbers.price_text(float("nan")) == "n/a"


def test_until_text_names_the_day_when_it_is_not_today() -> None:
    zone = timezone(timedelta(hours=3))
    assert numbers.until_text(3_600_000, 0, zone) == "04:00"
    assert numbers.until_text(90_000_000, 0, zone) == "02.01 04:00"


@given(st.text(alphabet="aБ币 …▲", max_size=30), st.integers(min_value=1, max_value=20), st.sampled_from("<>"))
def test_fit_always_takes_the_asked_cells(text: str, width: int, align: str) -> None:
    assert width_of(fit(text, width, align)) == width


@given(
    st.lists(st.tuples(st.text(alphabet="ab币 ▲", max_size=9), st.just("text")), max_size=6),
    st.integers(min_value=0, max_value=30),
)
def test_fit_line_always_takes_the_asked_cells(spans: list[tuple[str, str]], width: int) -> None:
    fitted = fit_line(tuple(spans), width)
    assert line_width(fitted) == width
    assert line_text(tuple(spans)).startswith(line_text(fitted).rstrip()[:-1])


@given(st.text(alphabet="abc de", max_size=200), st.integers(min_value=8, max_value=40), st.integers(1, 4))
def test_wrap_keeps_to_width_and_line_count(text: str, width: int, most: int) -> None:
    lines = wrap(text, width, most)
    assert 1 <= len(lines) <= most
    assert all(width_of(line) <= width for line in lines)


def test_zone_falls_back_for_old_and_unknown_names() -> None:
    assert load_zone("Europe/Kyiv")[1] == "Kyiv"
    assert load_zone("Nowhere/AtAll")[1] == "UTC"
    assert load_zone("../etc/passwd")[1] == "UTC"


@pytest.mark.parametrize(
    ("score", "needed", "shown"),
    [(8.7, 3.0, "8.7/3"), (99.1, 50.0, "99/50"), (6.1, 0.0, "6.1"), (6.1, None, "6.1"), (-0.4, 3.0, "-0.4/3")],
)
def test_score_stands_beside_what_its_system_demands(score: float, needed: float | None, shown: str) -> None:
    assert numbers.score_of_needed(score, needed) == shown
