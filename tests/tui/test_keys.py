"""The key audit: no clash where two keys are in force together, nothing that Windows Terminal takes, twins, words."""

from __future__ import annotations

import importlib
from collections import Counter

import pytest
from textual.binding import Binding
from textual.screen import Screen

from futtui.language.catalogue import Language
from futtui.tui import keys
from futtui.tui.app import FuttuiApp
from futtui.tui.paint.footer import footer_line, item_at
from futtui.tui.paint.help import found_lines, help_lines
from futtui.tui.paint.notices import Flash
from futtui.tui.paint.text import line_text, line_width
from futtui.tui.words import has_word, speak, word
from tests.tui.fake_engine import NOW_MS, FakeEngine


def every_screen() -> list[type[Screen[object]]]:
    """Every screen of ours."""
    import pkgutil

    import futtui.tui.screens as rooms

    for module in pkgutil.iter_modules(rooms.__path__):
        importlib.import_module(f"{rooms.__name__}.{module.name}")
    found: list[type[Screen[object]]] = []
    left: list[type[Screen[object]]] = [Screen]
    while left:
        left += (below := left.pop().__subclasses__())
        found += [each for each in below if each.__module__.startswith(rooms.__name__)]
    return sorted(set(found), key=lambda each: each.__name__)


BACKTEST_PLACES = ("backtest", "backtest_result", "backtest_compare", "run_values", "replay")
TAKEN_BY_WINDOWS_TERMINAL = {
    "alt+enter", "f11", "alt+f4", "alt+space", "ctrl+comma", "ctrl+shift+comma", "ctrl+tab", "ctrl+shift+tab",
    "ctrl+plus", "ctrl+minus", "ctrl+0", "ctrl+insert", "shift+insert", "ctrl+v", "f10",
    "ctrl+i", "ctrl+m", "ctrl+j", "ctrl+h", "ctrl+[",
    *(f"ctrl+shift+{key}" for key in "acdfkmnptvw123456789"),
    *(f"ctrl+alt+{key}" for key in "123456789"),
    *(f"{chord}+{arrow}" for chord in ("alt", "alt+shift", "ctrl+shift") for arrow in ("up", "down", "left", "right")),
}  # fmt: skip


@pytest.mark.parametrize("place", sorted(keys.SCOPE_SETS))
def test_no_key_means_two_things_in_one_place(place: str) -> None:
    meanings = {(key, action.command) for action in keys.actions_in(*keys.SCOPE_SETS[place]) for key in action.all_keys}
    pressed = Counter(key for key, _ in meanings)
    assert [key for key, count in pressed.items() if count > 1] == []


@pytest.mark.parametrize("panel", keys.PANELS)
def test_no_key_of_a_panel_clashes_with_the_dashboard(panel: str) -> None:
    scopes = (*keys.SCOPE_SETS["dashboard"], *keys.SCOPE_SETS[panel])
    pressed = Counter(key for action in keys.actions_in(*scopes) for key in action.all_keys)
    assert [key for key, count in pressed.items() if count > 1] == []


def test_every_scope_is_part_of_a_place() -> None:
    placed = {scope for scopes in keys.SCOPE_SETS.values() for scope in scopes}
    assert {action.scope for action in keys.ACTIONS} - placed == {"app"}


def test_no_key_is_taken_by_windows_terminal() -> None:
    ours = {key for action in keys.ACTIONS for key in action.all_keys}
    assert ours & TAKEN_BY_WINDOWS_TERMINAL == set()


def test_every_letter_key_has_its_cyrillic_twins() -> None:
    for action in keys.ACTIONS:
        for key in action.keys:
            letter = key.rpartition("+")[2]
            if len(letter) == 1 and letter.isalpha():
                twins = [twin for twin in action.all_keys if twin != key and not twin.isascii()]
                assert twins, f"{action.id}: {key} has no twin"


def test_twins_follow_the_physical_key() -> None:
    assert keys.twins_of("s") == ("і", "ы")
    assert keys.twins_of("S") == ("І", "Ы")
    assert keys.twins_of("ctrl+s") == ("ctrl+і", "ctrl+ы")
    assert keys.twins_of("/") == (".",)
    assert keys.twins_of("f1") == ()
    assert keys.latin_text("иес") == "btc"


def test_the_full_stop_has_no_meaning_of_its_own() -> None:
    assert not [action for action in keys.ACTIONS if "." in action.keys]


def test_a_dangerous_letter_is_never_harmless_elsewhere() -> None:
    dangerous = {key for action in keys.ACTIONS if action.id == "close_position" for key in action.all_keys}
    harmless = {key for action in keys.ACTIONS if action.id != "close_position" for key in action.all_keys}
    assert dangerous & harmless == set()


def test_every_action_is_described_and_ids_are_unique() -> None:
    identities = [action.id for action in keys.ACTIONS]
    assert len(identities) == len(set(identities))
    for action in keys.ACTIONS:
        assert has_word(f"action.{action.id}")
        assert len(action.description) <= 40


@pytest.mark.parametrize(
    "place", [*keys.PANELS, "detail", "signal_detail", "chart", "why", "performance", "zone_browser", *BACKTEST_PLACES]
)
def test_help_names_every_key_of_the_place(place: str) -> None:
    text = "\n".join(line_text(line) for line in help_lines(place, 100))
    scopes = (*keys.SCOPE_SETS[place], "row", "dashboard", "to_chart")
    if place not in keys.PANELS:
        mine = {"detail": ("text", "to_chart", "walk")}.get(place, keys.SCOPE_SETS[place])
        row = ("row",) if "row" in keys.SCOPE_SETS[place] else ()
        scopes = ("detail", *row, *(scope for scope in mine if scope not in ("copy", "positions")))
    for action in keys.actions_in(*scopes, "everywhere"):
        assert action.description in text


@pytest.mark.parametrize("place", ["settings", "symbols", "health", "full_log", "orders"])
def test_help_of_a_place_names_every_key_that_is_in_force_there(place: str) -> None:
    text = "\n".join(line_text(line) for line in help_lines(place, 100))
    scopes = [scope for scope in keys.SCOPE_SETS[place] if scope != "copy"]
    left_out = ["look_again"] if place == "settings" else []  # its key compares with the file there
    assert [item.id for item in keys.actions_in(*scopes) if item.description not in text] == left_out


@pytest.mark.parametrize("place", ["market", "positions", "chart", "backtest", "words"])
def test_help_is_found_by_words_keys_and_the_same_keys_of_another_layout(place: str) -> None:
    def found(text: str, width: int = 78) -> str:
        lines = found_lines("market" if place == "words" else place, text, width, words_only=place == "words")
        assert all(line_width(line) <= width for line in lines)
        return "\n".join(line_text(line) for line in lines)

    if place == "words":
        assert "A band of prices" in found("a BAND of")
        assert "Backtests" not in found("backtest")
    else:
        assert "t           Backtests" in found("backtest")
        assert found("ифслеуіе").split() == found("backtest").split()
        assert [line.split()[0] for line in found("C").splitlines() if line.startswith(" C")] == ["C"]
        assert "Close all or a part" in found("С")  # of the Cyrillic layout
        assert "Backtests" not in found("C")
    assert found("qqqq").startswith(" Nothing in this help tells of it")


@pytest.mark.parametrize("context", sorted(keys.FOOTERS))
@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_footer_fits_and_keeps_help_and_the_way_out(context: str, width: int) -> None:
    items, line = footer_line(context, width)
    assert line_width(line) == width
    text = line_text(line)
    assert "? help" in text
    assert text.rstrip().endswith("quit" if context in keys.PANELS else "back")
    assert 5 <= len(items) <= 11
    for item in items:
        assert text[item.left : item.left + item.width] == f"{item.key} {item.text}"
        assert item_at(items, item.left) is item


def test_bindings_reach_textual_with_all_keys() -> None:
    for binding in keys.bindings("everywhere", "dashboard", "row", "list", "market", "positions"):
        assert binding.description  # type: ignore[union-attr]
        assert binding.key  # type: ignore[union-attr]


@pytest.mark.parametrize("language", list(Language))
def test_on_an_engine_of_another_process_footer_and_first_sentence_say_that_only_the_screen_closes(
    language: Language,
) -> None:
    speak(language)
    for context in keys.FOOTERS:
        _, line = footer_line(context, 80, attached=True)
        assert line_width(line) == 80
        assert line_text(line).rstrip().endswith(word("attached.close")) is (context in keys.PANELS)
    flash = Flash()
    flash.show(word("attached.opened", process=4_194_304), "bold", NOW_MS)
    shown = FakeEngine()
    view = FuttuiApp(shown, real_clock_s=lambda: 0.0).store.read()
    assert len(flash.lines(view, 80)) == 1


@pytest.mark.parametrize("screen", every_screen(), ids=lambda screen: screen.__name__)
def test_no_screen_inherits_a_second_meaning_of_a_key(screen: type[Screen[object]]) -> None:
    """What a screen has of its own and what it has of those it is made from: each key leads to one action."""
    ours = {action.command for action in keys.ACTIONS}
    meanings: dict[str, set[str]] = {}
    for made_of in screen.__mro__:
        for binding in vars(made_of).get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.action in ours:
                for key in binding.key.split(","):
                    meanings.setdefault(key, set()).add(binding.action)
    assert {key: found for key, found in meanings.items() if len(found) > 1} == {}
