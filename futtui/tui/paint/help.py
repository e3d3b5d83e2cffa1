"""The help text of a place, made from the table of actions and the words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from futtui.tui import keys
from futtui.tui.paint import market, performance, positions, records, signals, symbols, zone_browser, zones
from futtui.tui.paint.text import Line, fit, fit_line, line_width, plain_lines, width_of, wrap
from futtui.tui.words import has_word, word

_COLUMNS = {
    "market": tuple(column.id for column in market.COLUMNS),
    "signals": tuple(column.id for column in signals.COLUMNS),
    "positions": tuple(column.id for column in positions.COLUMNS),
    "zones": tuple(column.id for column in zones.COLUMNS),
    "orders": tuple(column.id for column in records.SENT_COLUMNS),
    "symbols": tuple(column.id for column in symbols.COLUMNS),
    "zone_browser": tuple(column.id for column in zone_browser.COLUMNS),
    "performance": tuple(column.id for column in performance.COLUMNS),
}
LEAST_HALF = 46
"""Columns that a half needs; in less room all stands below one another."""
_PANEL = ("list", "to_chart", "row")
_SCOPES = {
    "market": (*_PANEL, "market"),
    "signals": (*_PANEL, "signal_row"),
    "positions": (*_PANEL, "positions"),
    "detail": ("detail", "text", "to_chart", "finds", "walk", "row"),
    "signal_detail": ("detail", "text", "to_chart", "finds", "walk", "row", "signal", "signal_row"),
    "position_detail": ("detail", "text", "to_chart", "finds", "walk", "row", "positions"),
    "chart": ("detail", "chart", "finds", "walk", "row"),
    keys.BESIDE: ("beside", "chart", "walk", "to_chart", "row"),
    "why": ("detail", "text", "to_chart", "finds", "walk", "period", "why", "row"),
    "zone_browser": ("detail", "list", "row", "to_chart", "finds", "walk", "zone_browser"),
    "performance": ("detail", "list", "period", "accounts"),
    "symbols": ("detail", "row", "to_chart", "symbols", "list"),
    "health": ("detail", "text"),
    "full_log": ("detail", "row", "to_chart", "records", "list"),
    "orders": ("detail", "row", "to_chart", "records", "list"),
    "settings": ("detail", "settings", "list"),
    "backtest": ("detail", "backtest", "run_files", "list"),
    "backtest_result": ("detail", "walk", "run_files", "run_result", "list"),
    "backtest_compare": ("detail", "text"),
    "run_values": ("detail", "text"),
    "replay": ("detail", "walk", "replay"),
}
_TERMS = {
    "backtest": ("backtest", "fold", "slippage", "inside_bar", "default"),
    "backtest_result": ("fold", "net", "interval", "drawdown", "r"),
    "backtest_compare": ("net", "interval", "drawdown"),
    "run_values": ("default", "slippage"),
    "replay": ("r", "target", "break_even", "trailing"),
    "settings": ("default", "saved"),
    "symbols": ("block", "warming_up"),
    "orders": ("trigger", "at_market"),
    "full_log": ("topic", "skipped"),
    "health": ("weight", "request_gate", "lane", "lag", "percentile", "beat"),
    "market": ("regime", "zone", "vwap", "atr", "flow"),
    "signals": ("setup", "score", "waiting", "r", "target"),
    "positions": ("r", "target", "break_even", "trailing", "time_stop", "open_risk"),
    "zones": ("zone", "flipped", "touch", "poc", "value_area", "vwap"),
    "log": ("topic", "skipped"),
    "detail": ("bias", "adx", "rsi", "ema", "bollinger", "donchian", "r", "score"),
    "chart": ("vwap", "profile", "poc", "value_area", "flow"),
    keys.BESIDE: ("zone", "vwap", "profile", "poc", "value_area", "flow"),
    "signal_detail": ("odds", "interval", "score", "r", "target", "zone"),
    "position_detail": ("next_rule", "first_stop", "loosen", "break_even", "trailing", "time_stop", "r"),
    "zone_browser": ("zone", "flipped", "touch", "grade", "turned", "broke", "sweep", "purity"),
    "performance": ("net", "interval", "insufficient", "not_proven", "plausible", "payoff", "drawdown"),
    "why": ("candidate", "gate", "refused", "expired", "silence", "nearly"),
}
"""Words of a place that are explained in its help."""


def _key_lines(actions: Sequence[keys.Action]) -> list[Line]:
    """Keys with what they do; the keys' column is as wide as the longest of them. Without a key: by name."""
    shown = ["  ".join(keys.display_key(key) for key in action.keys) or word("help.by_name") for action in actions]
    room = max(11, *(len(text) for text in shown))
    return [
        ((f" {fit(text, room)} ", "title"), (action.description, "text"))
        for text, action in zip(shown, actions, strict=True)
    ]


def _head(text: str) -> list[Line]:
    return [((f" {text}", "bold"),)]


def _actions_of(place: str) -> tuple[tuple[keys.Action, ...], tuple[keys.Action, ...]]:
    """What keys do in this place, and what they do everywhere."""
    own = keys.actions_in(*_SCOPES.get(place, _PANEL))
    taken = {key for action in own for key in action.keys}
    scopes = ("everywhere", "dashboard") if place in (*keys.PANELS, keys.BESIDE) else ("everywhere",)
    return own, tuple(action for action in keys.actions_in(*scopes) if taken.isdisjoint(action.keys))


def _here_head(place: str) -> list[Line]:
    name = word(f"panel.{place}") if has_word(f"panel.{place}") else word(f"help.{place}")
    return _head(word("help.here", place=name))


def help_lines(place: str, width: int) -> list[Line]:
    """All lines of the help for a panel or a detail: what belongs to this place at the left, all else at the right."""
    own, all_over = _actions_of(place)
    left, right = (
        [*_here_head(place), *_key_lines(own), ()],
        [*_head(word("help.everywhere")), *_key_lines(all_over), ()],
    )
    half = width // 2
    if half < LEAST_HALF or max(line_width(line) for line in (*left, *right)) > half:
        return [*left, *right, *words_lines(place, width)]
    return _side_by_side([*left, *_place_words(place, half)], [*right, *_sign_lines(place, half)], half)


def found_lines(place: str, text: str, width: int, *, words_only: bool = False) -> list[Line]:
    """What of the help tells of a typed text, in whatever layout it was typed, under the headings where it stands.

    A single letter or sign is taken for a key as long as one has a meaning.
    """
    own, all_over = ((), ()) if words_only else _actions_of(place)
    known = {action.description for action in (*own, *all_over)}
    elsewhere = [] if words_only else [action for action in keys.ACTIONS if action.description not in known]
    actions = ((_here_head(place), own), (_head(word("help.everywhere")), all_over))
    keyed = [*actions, (_head(word("help.elsewhere")), _each_once(elsewhere))]
    wanted = text.strip()
    found = [(head, [each for each in them if wanted in each.all_keys]) for head, them in keyed]
    if len(wanted) != 1 or not any(them for _, them in found):
        found = [(head, [each for each in them if _tells(_key_lines([each]), wanted)]) for head, them in keyed]
        words = [(head, each) for head, entries in _word_entries(place, width) for each in entries]
    else:
        words = []
    lines: list[Line] = []
    for head, them in found:
        lines += [*head, *_key_lines(them), ()] if them else []
    last: list[Line] = []
    for head, entry in words:
        if _tells(entry, wanted):
            lines += entry if head == last else [*([()] if last else []), *head, *entry]
            last = head
    return lines or [((f" {word('help.nothing')}", "attention"),)]


def _each_once(actions: Iterable[keys.Action]) -> list[keys.Action]:
    return list({(action.keys, action.description): action for action in actions if action.keys}.values())


def _word_entries(place: str, width: int) -> list[tuple[list[Line], list[list[Line]]]]:
    """Headings with what is explained below each: columns, words, signs."""
    columns = [(word(f"column.{name}").strip(), word(f"explain.{place}.{name}")) for name in _COLUMNS.get(place, ())]
    terms = [(word(f"term.{name}"), word(f"term.{name}.means")) for name in _TERMS.get(place, ())]
    signs: list[list[Line]] = []
    for text in _sign_texts(place):
        signs.append([((f" {line}", "muted"),) for line in wrap(text, width - 3)])
    return [
        (_head(word("help.columns")), [_explained([pair], width) for pair in columns]),
        (_head(word("help.terms")), [_explained([pair], width) for pair in terms]),
        (_head(word("help.signs_head")), signs),
    ]


def _tells(lines: Iterable[Line], wanted: str) -> bool:
    """Whether the lines hold the text, or what the same keys give on another layout."""
    told = " ".join(plain_lines(lines).split()).casefold()
    return any(form.casefold() in told for form in (wanted, keys.latin_text(wanted), *keys.cyrillic_texts(wanted)))


def words_lines(place: str, width: int) -> list[Line]:
    """What the columns, words and signs of a place mean."""
    return [*_place_words(place, width), *_sign_lines(place, width)]


def _place_words(place: str, width: int) -> list[Line]:
    """The columns and words of a place."""
    lines: list[Line] = []
    if place in _COLUMNS:
        lines += _head(word("help.columns"))
        lines += _explained(
            ((word(f"column.{column}").strip(), word(f"explain.{place}.{column}")) for column in _COLUMNS[place]), width
        )
        lines.append(())
    if place in _TERMS:
        lines += _head(word("help.terms"))
        lines += _explained(((word(f"term.{term}"), word(f"term.{term}.means")) for term in _TERMS[place]), width)
        lines.append(())
    return lines


def _sign_lines(place: str, width: int) -> list[Line]:
    """Signs and habits that are the same in all places, and those of the chart there."""
    lines = _head(word("help.signs_head"))
    for told in _sign_texts(place):
        lines += [((f" {text}", "muted"),) for text in wrap(told, width - 3)]
    return lines


def _sign_texts(place: str) -> list[str]:
    more = ("help.chart_signs", "help.chart_mouse") if place in ("chart", keys.BESIDE) else ()
    names = (*more, "help.signs", "help.words", "help.regimes", "help.grey", "help.mouse", "help.layouts")
    return [word(identity) for identity in names]


def _explained(pairs: Iterable[tuple[str, str]], width: int) -> list[Line]:
    """Names with what they mean beside them; the names' column is as wide as the longest of them."""
    known = tuple(pairs)
    room = max(13, *(width_of(name) for name, _ in known))
    lines: list[Line] = []
    for name, text in known:
        parts = wrap(text, width - room - 5)
        heads = [name, *[""] * (len(parts) - 1)]
        lines += [((f" {fit(head, room)} ", "title"), (part, "text")) for head, part in zip(heads, parts, strict=True)]
    return lines


def _side_by_side(left: list[Line], right: list[Line], half: int) -> list[Line]:
    return [(*fit_line(first, half), *second) for first, second in zip_longest(left, right, fillvalue=())]
