"""Running a command of the action table from somewhere else than its key: the footer, the command list."""

from __future__ import annotations

from typing import Any

from textual.dom import DOMNode
from textual.screen import Screen


async def run_command(screen: Screen[Any], command: str, *more: DOMNode | None) -> bool:
    """Runs the command at the first place that knows it: focused widget, screen, then `more`; False if none does."""
    target, dot, rest = command.partition(".")
    if dot and target == "app":
        await screen.app.run_action(rest, screen.app)
        return True
    if dot and target == "screen":
        command = rest
    name = f"action_{command.partition('(')[0]}"
    for node in (screen.focused, screen, *more):
        if node is not None and hasattr(node, name):
            await screen.app.run_action(command, node)
            return True
    return False
