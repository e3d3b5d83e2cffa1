"""The command list: every action by name, and the colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from futtui.tui import keys
from futtui.tui.theme import THEMES
from futtui.tui.widgets.run_command import run_command
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


def command_list() -> CommandPalette:
    """The list as a screen, asking in the language that was chosen."""
    return CommandPalette(placeholder=word("palette.search"), id="--command-palette")


class FuttuiCommands(Provider):
    """Offers the actions of the table that make sense by name."""

    def _commands(self) -> Iterator[tuple[str, str, str]]:
        """(name, help, action)"""
        for action in keys.ACTIONS:
            if action.in_palette:
                yield action.description, word("palette.key", key=action.key_text), action.command
        for name in THEMES:
            yield (
                word("palette.theme", name=word(f"theme.{name}")),
                word("palette.theme_help"),
                f"app.use_theme('{name}')",
            )

    def _runner(self, command: str) -> Any:
        app = cast("FuttuiApp", self.app)

        async def run() -> None:
            if not await run_command(self.screen, command, app.market_panel()):
                app.flash(word("palette.not_here"), "attention")

        return run

    async def discover(self) -> Hits:
        """Everything, before the user typed."""
        for name, help_text, command in self._commands():
            yield DiscoveryHit(name, self._runner(command), help=help_text)

    async def search(self, query: str) -> Hits:
        """What matches the typed text, or what the same keys give on the other layouts; a word where nothing does."""
        matchers = [self.matcher(text) for text in (query, keys.latin_text(query), *keys.cyrillic_texts(query))]
        found = False
        for name, help_text, command in self._commands():
            score = max(matcher.match(name) for matcher in matchers)
            if score > 0:
                found = True
                yield Hit(score, matchers[0].highlight(name), self._runner(command), help=help_text)
        if not found:
            yield Hit(0.01, word("palette.nothing"), self._do_nothing)

    def _do_nothing(self) -> None:
        """What the line does that says that nothing was found."""
