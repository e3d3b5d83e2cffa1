"""The footer: the handful of keys that matter at the place where the focus is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from futtui.tui import keys
from futtui.tui.paint.text import Line, Span
from futtui.tui.words import word


@dataclass(frozen=True, slots=True)
class FooterItem:
    """One key with its word; `left` is where it starts once placed."""

    id: str
    key: str
    text: str
    command: str
    left: int = 0

    @property
    def width(self) -> int:
        """Cells of key, blank and word."""
        return len(self.key) + 1 + len(self.text)


_PAIRS = {
    "replay_on": "←→",
    "replay_slower": "[ ]",
    "replay_near": "+ -",
    "sort": "s S",
    "zoom_in": "+ -",
    "shorter_frame": "[ ]",
    "next_symbol": "n N",
    "shorter_period": "[ ]",
    "zone_frame": "[ ]",
    "next_match": "n N",
}
"""Two keys that belong together."""


def _item(identity: str, panels: int = len(keys.PANELS)) -> FooterItem:
    if identity == "panels":
        return FooterItem("panels", f"1-{panels}", word("footer.panels"), "")
    if identity == "scroll":
        return FooterItem("scroll", "↑↓", word("footer.scroll"), "")
    if identity == "pan":
        return FooterItem("pan", "←→", word("footer.pan"), "")
    found = keys.action(identity)
    key = _PAIRS.get(identity, found.keys[0])
    return FooterItem(identity, keys.display_key(key), found.short, found.command)


def footer_line(
    context: str, width: int, *, attached: bool = False, panels: int = len(keys.PANELS)
) -> tuple[tuple[FooterItem, ...], Line]:
    """The items with their places, and the line; the right end is quit, or back over the dashboard.

    `attached`: the engine is that of another process, so quitting only closes the screen, and says so.
    `panels`: how many there are to go to.
    """
    last = _item("quit" if context in keys.PANELS else "leave")
    if attached and last.id == "quit":
        last = replace(last, text=word("attached.close"))
    items = [_item(identity, panels) for identity in keys.FOOTERS[context]]
    room = width - last.width - 3

    def total() -> int:
        return 1 + sum(item.width + 2 for item in items)

    for identity in keys.FOOTER_LEAVES_FIRST:
        if total() <= room:
            break
        items = [item for item in items if item.id != identity]
    while len(items) > 1 and total() > room:
        items.pop(-2 if items[-1].id == "help" else -1)
    spans: list[Span] = [(" ", "muted")]
    placed: list[FooterItem] = []
    left = 1
    for item in items:
        placed.append(FooterItem(item.id, item.key, item.text, item.command, left))
        spans += [(item.key, "title"), (f" {item.text}  ", "muted")]
        left += item.width + 2
    gap = max(1, width - left - last.width - 1)
    placed.append(FooterItem(last.id, last.key, last.text, last.command, left + gap))
    spans += [(" " * gap, "muted"), (last.key, "title"), (f" {last.text} ", "muted")]
    return tuple(placed), tuple(spans)


def item_at(items: tuple[FooterItem, ...], x: int) -> FooterItem | None:
    """The item under cell `x`."""
    return next((item for item in items if item.left <= x < item.left + item.width), None)
