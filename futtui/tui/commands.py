"""The command list: every action by name, and the colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input

from futtui.tui import keys
from futtui.tui.theme import THEMES
from futtui.tui.widgets.run_command import run_command
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

KEYS_WIDTH = 10


def _with_keys(key_text: str, name: Content) -> Content:
    """A command's line: its keys in a column of their own, then its name."""
    return Content.assemble((f"{key_text:<{KEYS_WIDTH}}", "$primary"), name)


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
        """(name, keys, action)"""
        for action in keys.ACTIONS:
            if action.in_palette:
                yield action.description, action.key_text, action.command
        for name in THEMES:
            yield word("palette.theme", name=word(f"theme.{name}")), "", f"app.choose_theme('{name}')"

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
