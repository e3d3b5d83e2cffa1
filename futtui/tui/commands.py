"""The command list: every action by name, and the colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input

from futtui.tui import keys
from futtui.tui.glyphs import SEPARATOR
from futtui.tui.paint import market
from futtui.tui.theme import THEMES
from futtui.tui.widgets.run_command import run_command
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

KEYS_WIDTH = 10


def _with_keys(key_text: str, name: Content) -> Content:
    """A command's line: its keys in a column of their own, then its name."""
    return Content.assemble((f"{key_text:<{KEYS_WIDTH}}", "$primary"), name)


def _with_value(name: str, value: str) -> str:
    return f"{name}  {SEPARATOR} {value}" if value else name


def values_now(app: FuttuiApp) -> Mapping[str, str]:
    """What commands that change something would change: by the id of the action, in a word or two."""
    view = app.store.read()
    desk, board = view.snapshot.desk, app.dashboard
    found = {"mode": word(f"mode.{view.mode.value}")}
    if desk is not None:
        found["pause"] = word("palette.paused" if desk.paused else "palette.trading")
        found["kill"] = word("palette.level", n=desk.kill_level) if desk.kill_level else ""
    if board is not None:
        found["layout"] = word(f"layout.{board.arrangement}")
        found["overlay"] = word("palette.on" if board.has_class("-overlay") else "palette.off")
        found["full"] = word("palette.on" if board.has_class("-zoom") else "palette.off")
        found["sort"] = market.sort_text(board.market.sort_by, board.market.reverse)
    return found


class CommandScreen(CommandPalette):
    """The list of commands with a cursor that stands still, as in all other fields."""

    def on_mount(self) -> None:
        """No timer for the cursor."""
        self.query_one(Input).cursor_blink = False


def command_list() -> CommandPalette:
    """The list as a screen, asking in the language that was chosen."""
    return CommandScreen(placeholder=word("palette.search"), id="--command-palette")


class FuttuiCommands(Provider):
    """Offers the actions of the table that make sense by name."""

    def _commands(self) -> Iterator[tuple[str, str, str]]:
        """(name with what is set now, keys, action)"""
        app = cast("FuttuiApp", self.app)
        now = values_now(app)
        for action in keys.ACTIONS:
            if action.in_palette:
                yield _with_value(action.description, now.get(action.id, "")), action.key_text, action.command
        for name in THEMES:
            told = word("palette.theme", name=word(f"theme.{name}"))
            set_now = word("palette.set") if name == app.palette.tokens.name else ""
            yield _with_value(told, set_now), "", f"app.choose_theme('{name}')"

    def _runner(self, command: str) -> Any:
        app = cast("FuttuiApp", self.app)

        async def run() -> None:
            if not await run_command(self.screen, command, app.market_panel()):
                app.flash(word("palette.not_here"), "attention")

        return run

    async def discover(self) -> Hits:
        """Everything, before the user typed."""
        for name, key_text, command in self._commands():
            yield DiscoveryHit(_with_keys(key_text, Content(name)), self._runner(command), name)

    async def search(self, query: str) -> Hits:
        """What matches the typed text, or what the same keys give on the other layouts; a word where nothing does."""
        matchers = [self.matcher(text) for text in (query, keys.latin_text(query), *keys.cyrillic_texts(query))]
        found = False
        for name, key_text, command in self._commands():
            score = max(matcher.match(name) for matcher in matchers)
            if score > 0:
                found = True
                shown = _with_keys(key_text, matchers[0].highlight(name))
                yield Hit(score, shown, self._runner(command), name)
        if not found:
            yield Hit(0.01, word("palette.nothing"), self._do_nothing)

    def _do_nothing(self) -> None:
        """What the line does that says that nothing was found."""
