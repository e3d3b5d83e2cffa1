"""One table of actions: it feeds the bindings, the footer, the command palette and the help.

Every key gets its Ukrainian and Russian twins, the letters on the same physical key, so that shortcuts work whatever
layout is on. The full stop is the twin of `/` on those layouts and therefore has no meaning of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from futtui.tui.twins import TWINS as TWINS
from futtui.tui.twins import cyrillic_texts as cyrillic_texts
from futtui.tui.twins import latin_text as latin_text
from futtui.tui.twins import twins_of as twins_of
from futtui.tui.twins import with_twins as with_twins
from futtui.tui.words import word

if TYPE_CHECKING:
    from textual.binding import BindingType

PANELS = ("market", "signals", "positions", "zones", "log")
BESIDE = "beside"
"""The panel that only a wide window has: the chart beside the others."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a key can do. `command` is the Textual action; `in_palette` lists it among the commands."""

    id: str
    scope: str
    keys: tuple[str, ...]
    command: str
    in_palette: bool = False
    priority: bool = False

    @property
    def description(self) -> str:
        """What it does, in a few words."""
        return word(f"action.{self.id}")

    @property
    def short(self) -> str:
        """One word for the footer."""
        return word(f"action.{self.id}.short")

    @property
    def key_text(self) -> str:
        """Its main keys as a person reads them; empty for what is called by its name only."""
        return "  ".join(display_key(key) for key in self.keys[:2])

    @property
    def all_keys(self) -> tuple[str, ...]:
        """Its keys with all their twins."""
        return with_twins(self.keys)


_NAMES = {
    "enter": "Enter", "escape": "Esc", "tab": "Tab", "shift+tab": "Shift+Tab",
    "left": "←", "right": "→", "shift+left": "Shift+←", "shift+right": "Shift+→", "up": "↑", "down": "↓",
    "home": "Home", "end": "End", "pageup": "PgUp", "pagedown": "PgDn", "space": "Space", "delete": "Del",
}  # fmt: skip


def display_key(key: str) -> str:
    """The key as printed on a keyboard."""
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("ctrl+"):
        return f"Ctrl+{key[5:].upper()}"
    return key.upper() if len(key) > 1 and key[0] == "f" and key[1:].isdigit() else key


ACTIONS: tuple[Action, ...] = (
    Action("quit_now", "app", ("ctrl+q",), "request_quit", priority=True),
    Action("copy", "copy", ("ctrl+c",), "copy_or_hint"),
    Action("help", "everywhere", ("?", "f1"), "app.show_help", True),
    Action("commands", "everywhere", (":", "ctrl+p"), "app.command_palette"),
    Action("mode", "everywhere", ("m",), "app.mode_menu", True),
    Action("pause", "everywhere", ("p",), "app.toggle_pause", True),
    Action("kill", "everywhere", ("!",), "app.kill_menu", True),
    Action("settings", "everywhere", (",", "f2"), "app.open_place('settings')", True),
    Action("health", "everywhere", ("f3",), "app.open_place('health')", True),
    Action("full_log", "everywhere", ("f4",), "app.open_place('full_log')", True),
    Action("orders", "everywhere", ("f6",), "app.open_place('orders')", True),
    Action("welcome", "everywhere", (), "app.open_place('welcome')", True),
    Action("jump", "everywhere", ("g",), "app.jump", True),
    Action("explain", "everywhere", ("i",), "app.explain", True),
    Action("copy_row", "everywhere", ("y",), "app.copy_row", True),
    Action("overlay", "everywhere", ("f12",), "app.toggle_overlay", True),
    Action("look_again", "everywhere", ("f5",), "app.look_again", True),
    Action("undo_dismiss", "everywhere", ("ctrl+z",), "app.undo_dismiss", True),
    Action("why", "everywhere", ("W",), "app.open_place('why')", True),
    Action("zone_browser", "everywhere", ("Z",), "app.open_place('zone_browser')", True),
    Action("performance", "everywhere", ("P",), "app.open_place('performance')", True),
    Action("quit", "everywhere", ("q",), "app.request_quit", True),
    Action("panel_1", "dashboard", ("1",), "focus_panel('market')", True),
    Action("panel_2", "dashboard", ("2",), "focus_panel('signals')", True),
    Action("panel_3", "dashboard", ("3",), "focus_panel('positions')", True),
    Action("panel_4", "dashboard", ("4",), "focus_panel('zones')", True),
    Action("panel_5", "dashboard", ("5",), "focus_panel('log')", True),
    Action("panel_6", "dashboard", ("6",), "focus_panel('beside')", True),
    Action("next_panel", "dashboard", ("tab",), "next_panel(1)"),
    Action("previous_panel", "dashboard", ("shift+tab",), "next_panel(-1)"),
    Action("full", "dashboard", ("f",), "toggle_full", True),
    Action("layout", "dashboard", ("l",), "next_layout", True),
    Action("find", "dashboard", ("/",), "find", True),
    Action("backtest", "dashboard", ("t",), "app.open_place('backtest')", True),
    Action("look_again_here", "dashboard", ("r",), "app.look_again"),
    Action("symbols", "dashboard", ("u",), "app.open_place('symbols')", True),
    Action("back", "dashboard", ("escape",), "back"),
    Action("block", "row", ("b",), "block", True),
    Action("find_here", "finds", ("/",), "app.find_symbol"),
    Action("chart", "to_chart", ("c",), "chart", True),
    Action("pan_left", "chart", ("left", "h"), "pan(-1)"),
    Action("pan_right", "chart", ("right", "l"), "pan(1)"),
    Action("pan_far_left", "chart", ("shift+left", "H"), "pan(-10)"),
    Action("pan_far_right", "chart", ("shift+right", "L"), "pan(10)"),
    Action("pan_oldest", "chart", ("home",), "edge(-1)"),
    Action("pan_newest", "chart", ("end",), "edge(1)"),
    Action("cross_up", "chart", ("up", "k"), "cross(-1)"),
    Action("cross_down", "chart", ("down", "j"), "cross(1)"),
    Action("zoom_in", "chart", ("+", "="), "zoom(1)"),
    Action("zoom_out", "chart", ("-",), "zoom(-1)"),
    Action("zoom_reset", "chart", ("0",), "reset_view"),
    Action("shorter_frame", "chart", ("[",), "frame(1)"),
    Action("longer_frame", "chart", ("]",), "frame(-1)"),
    Action("crosshair", "chart", ("x",), "crosshair"),
    Action("price_alert", "chart", ("w",), "price_alert"),
    Action("layer_zones", "chart", ("z",), "layer('zones')"),
    Action("layer_vwap", "chart", ("v",), "layer('vwap')"),
    Action("layer_anchors", "chart", ("a",), "layer('anchors')"),
    Action("chart_export", "chart", ("e",), "export"),
    Action("layer_profile", "chart", ("o",), "layer('profile')"),
    Action("layer_volume", "chart", ("u",), "layer('volume')"),
    Action("layer_flow", "chart", ("d",), "layer('flow')"),
    Action("whole_chart", "beside", ("enter",), "screen.chart"),
    Action("next_symbol", "walk", ("n",), "screen.neighbour(1)"),
    Action("previous_symbol", "walk", ("N",), "screen.neighbour(-1)"),
    Action("shorter_period", "period", ("[",), "period(-1)"),
    Action("longer_period", "period", ("]",), "period(1)"),
    Action("zone_frame", "zone_browser", ("[",), "zone_frame(1)"),
    Action("zone_frame_back", "zone_browser", ("]",), "zone_frame(-1)"),
    Action("zone_sort", "zone_browser", ("s",), "zone_sort"),
    Action("next_account", "accounts", ("a",), "account(1)"),
    Action("all_symbols", "why", ("a",), "toggle_all"),
    Action("up", "list", ("up", "k"), "cursor(-1)"),
    Action("down", "list", ("down", "j"), "cursor(1)"),
    Action("page_up", "list", ("pageup",), "page(-1)"),
    Action("page_down", "list", ("pagedown",), "page(1)"),
    Action("first", "list", ("home",), "edge(-1)"),
    Action("last", "list", ("end",), "edge(1)"),
    Action("open", "list", ("enter",), "open"),
    Action("sort", "market", ("s",), "sort", True),
    Action("sort_reverse", "market", ("S",), "sort_reverse", True),
    Action("pin", "market", ("space",), "pin", True),
    Action("set_alert", "market", ("w",), "screen.set_alert", True),
    Action("close_position", "positions", ("C",), "screen.close_position", True),
    Action("move_stop", "positions", ("s",), "screen.move_stop", True),
    Action("take", "signal", ("a",), "take_signal", True),
    Action("dismiss", "signal_row", ("d",), "screen.dismiss_signal", True),
    Action("leave", "detail", ("escape",), "leave"),
    Action("settings_save", "settings", ("ctrl+s",), "save", True),
    Action("settings_undo", "settings", ("u",), "undo"),
    Action("settings_changes", "settings", ("d",), "show_changes"),
    Action("settings_find", "settings", ("/",), "find_setting"),
    Action("settings_default", "settings", ("delete",), "to_default"),
    Action("settings_reload", "settings", ("f5",), "app.look_again"),
    Action("settings_side", "settings", ("tab", "shift+tab"), "other_side"),
    Action("unblock", "symbols", ("u",), "unblock"),
    Action("block_strategy", "symbols", ("B",), "block_strategy"),
    Action("find_watched", "symbols", ("/",), "find_symbol"),
    Action("sort_symbols", "symbols", ("s",), "sort"),
    Action("symbols_side", "symbols", ("tab", "shift+tab"), "other_side"),
    Action("search", "records", ("/",), "search"),
    Action("next_match", "records", ("n",), "match(1)"),
    Action("previous_match", "records", ("N",), "match(-1)"),
    Action("level", "records", ("l",), "level"),
    Action("one_symbol", "records", ("s",), "one_symbol"),
    Action("run_start", "backtest", ("r",), "start_run"),
    Action("run_cancel", "backtest", ("x",), "cancel_run"),
    Action("run_pause", "backtest", ("space",), "pause_run"),
    Action("run_compare", "backtest", ("v",), "compare"),
    Action("run_find", "backtest", ("/",), "find_setting"),
    Action("run_default", "backtest", ("delete",), "to_default"),
    Action("run_side", "backtest", ("tab",), "other_side(1)"),
    Action("run_side_back", "backtest", ("shift+tab",), "other_side(-1)"),
    Action("run_export", "run_files", ("e",), "export_run"),
    Action("result_side", "run_result", ("tab", "shift+tab"), "other_side(1)"),
    Action("trade_order", "run_result", ("s",), "order"),
    Action("run_values", "run_result", ("d",), "show_values"),
    Action("replay_play", "replay", ("space",), "play"),
    Action("replay_back", "replay", ("left", "h"), "step(-1)"),
    Action("replay_on", "replay", ("right", "l"), "step(1)"),
    Action("replay_far_back", "replay", ("shift+left", "H"), "step(-10)"),
    Action("replay_far_on", "replay", ("shift+right", "L"), "step(10)"),
    Action("replay_begin", "replay", ("home",), "edge(-1)"),
    Action("replay_end", "replay", ("end",), "edge(1)"),
    Action("replay_slower", "replay", ("[",), "speed(-1)"),
    Action("replay_faster", "replay", ("]",), "speed(1)"),
    Action("replay_near", "replay", ("+", "="), "zoom(1)"),
    Action("replay_far", "replay", ("-",), "zoom(-1)"),
    Action("scroll_up", "text", ("up", "k"), "cursor(-1)"),
    Action("scroll_down", "text", ("down", "j"), "cursor(1)"),
    Action("text_page_up", "text", ("pageup",), "page(-1)"),
    Action("text_page_down", "text", ("pagedown", "space"), "page(1)"),
    Action("text_first", "text", ("home",), "edge(-1)"),
    Action("text_last", "text", ("end",), "edge(1)"),
    Action("cancel", "dialog", ("escape",), "cancel"),
    Action("menu_up", "menu", ("up", "k"), "move(-1)"),
    Action("menu_down", "menu", ("down", "j"), "move(1)"),
    Action("menu_take", "menu", ("enter", "space"), "take"),
    Action("find_up", "find", ("up",), "move(-1)"),
    Action("find_down", "find", ("down",), "move(1)"),
    Action("button_next", "buttons", ("right", "tab"), "focus_button(1)"),
    Action("button_previous", "buttons", ("left", "shift+tab"), "focus_button(-1)"),
)

SCOPE_SETS: dict[str, tuple[str, ...]] = {
    "dashboard": ("everywhere", "copy", "dashboard", "row", "to_chart"),
    "market": ("list", "market"),
    "signals": ("list", "signal_row"),
    "positions": ("list", "positions"),
    "zones": ("list",),
    "log": ("list",),
    "beside": ("chart", "beside", "walk"),
    "detail": ("everywhere", "copy", "detail", "row", "to_chart", "finds", "positions", "walk"),
    "signal_detail": (
        "everywhere",
        "copy",
        "detail",
        "row",
        "to_chart",
        "finds",
        "positions",
        "signal",
        "signal_row",
        "walk",
    ),
    "chart": ("everywhere", "copy", "detail", "row", "chart", "finds", "walk"),
    "zone_browser": ("everywhere", "copy", "detail", "list", "row", "to_chart", "finds", "walk", "zone_browser"),
    "performance": ("everywhere", "copy", "detail", "list", "period", "accounts"),
    "why": ("everywhere", "copy", "detail", "row", "to_chart", "finds", "positions", "text", "walk", "period", "why"),
    "settings": ("everywhere", "copy", "detail", "settings", "list"),
    "symbols": ("everywhere", "copy", "detail", "row", "to_chart", "symbols", "list"),
    "health": ("everywhere", "copy", "detail", "text"),
    "full_log": ("everywhere", "copy", "detail", "row", "to_chart", "records", "list"),
    "orders": ("everywhere", "copy", "detail", "row", "to_chart", "records", "list"),
    "backtest": ("everywhere", "copy", "detail", "backtest", "run_files", "list"),
    "backtest_result": ("everywhere", "copy", "detail", "walk", "run_files", "run_result", "list"),
    "backtest_compare": ("everywhere", "copy", "detail", "text"),
    "run_values": ("everywhere", "copy", "detail", "text"),
    "replay": ("everywhere", "copy", "detail", "walk", "replay"),
    "text": ("text",),
    "dialog": ("dialog", "copy"),
    "menu": ("dialog", "copy", "menu"),
    "find": ("dialog", "find"),
    "buttons": ("dialog", "copy", "buttons"),
    "number": ("dialog", "copy", "buttons", "text"),
}
"""Which scopes are in force in each place of the screen; the key audit checks each set for clashes."""


def actions_in(*scopes: str) -> tuple[Action, ...]:
    """The actions of the given scopes, in table order."""
    return tuple(action for action in ACTIONS if action.scope in scopes)


def action(identity: str) -> Action:
    """The action with this id; KeyError if there is none."""
    for item in ACTIONS:
        if item.id == identity:
            return item
    raise KeyError(identity)


def bindings(*scopes: str) -> list[BindingType]:
    """Textual bindings of the scopes, twins included.

    Made before a language is chosen: footer, command list and help take their words from the table, never from these.
    """
    from textual.binding import Binding

    return [
        Binding(
            ",".join("comma" if key == "," else key for key in item.all_keys),
            item.command,
            item.description,
            show=False,
            priority=item.priority,
            tooltip=item.description,
        )
        for item in actions_in(*scopes)
        if item.keys
    ]


FOOTERS: dict[str, tuple[str, ...]] = {
    "market": ("panels", "open", "chart", "find", "sort", "block", "mode", "pause", "commands", "help"),
    "signals": ("panels", "open", "chart", "dismiss", "find", "block", "mode", "pause", "commands", "help"),
    "positions": (
        "panels", "open", "chart", "close_position", "move_stop", "block", "mode", "pause", "commands", "help",
    ),
    "zones": ("panels", "open", "chart", "find", "full", "block", "mode", "pause", "commands", "help"),
    "log": ("panels", "open", "find", "full", "mode", "pause", "commands", "help"),
    "detail": ("scroll", "next_symbol", "chart", "block", "mode", "pause", "commands", "help"),
    "signal_detail": (
        "scroll", "next_symbol", "take", "dismiss", "chart", "block", "mode", "pause", "commands", "help",
    ),
    "position_detail": (
        "scroll", "next_symbol", "move_stop", "close_position", "chart", "block", "mode", "pause", "commands", "help",
    ),
    "zone_browser": ("chart", "zone_frame", "zone_sort", "next_symbol", "block", "mode", "pause", "commands", "help"),
    "performance": ("open", "next_account", "shorter_period", "mode", "pause", "commands", "help"),
    "why": ("scroll", "all_symbols", "next_symbol", "shorter_period", "chart", "block", "mode", "commands", "help"),
    "settings": (
        "settings_side", "open", "settings_save", "settings_undo", "settings_changes", "settings_find",
        "settings_default", "settings_reload", "help",
    ),
    "symbols": (
        "symbols_side", "open", "block", "unblock", "block_strategy", "find_watched", "sort_symbols", "chart", "help",
    ),
    "health": ("scroll", "mode", "pause", "commands", "help"),
    "full_log": ("open", "search", "next_match", "level", "one_symbol", "mode", "pause", "commands", "help"),
    "orders": ("open", "search", "next_match", "level", "one_symbol", "mode", "pause", "commands", "help"),
    "backtest": (
        "run_side", "open", "run_start", "run_pause", "run_cancel", "run_compare", "run_export", "run_find",
        "run_default", "help",
    ),
    "backtest_result": (
        "result_side", "open", "next_symbol", "trade_order", "run_values", "run_export", "mode", "pause", "commands",
        "help",
    ),
    "backtest_compare": ("scroll", "mode", "pause", "commands", "help"),
    "run_values": ("scroll", "mode", "pause", "commands", "help"),
    "replay": ("replay_play", "replay_on", "replay_slower", "replay_near", "next_symbol", "mode", "pause", "help"),
    "chart": (
        "pan", "zoom_in", "shorter_frame", "crosshair", "price_alert", "layer_zones", "layer_vwap", "layer_profile",
        "next_symbol", "help",
    ),
    "beside": (
        "panels", "whole_chart", "pan", "zoom_in", "shorter_frame", "crosshair", "price_alert", "next_symbol", "help",
    ),
}  # fmt: skip
FOOTER_LEAVES_FIRST = (
    "run_find",
    "run_default",
    "run_side",
    "result_side",
    "replay_near",
    "symbols_side",
    "sort_symbols",
    "settings_reload",
    "settings_side",
    "settings_default",
    "layer_vwap",
    "layer_profile",
    "next_symbol",
    "price_alert",
    "sort",
    "find",
    "full",
    "pause",
    "commands",
    "scroll",
    "mode",
)
"""What the footer gives up when the window is narrow, first to last."""
