"""Signs that the screen may draw: a full set, and a plain set for fonts that lack some of them.

Painters always write the full signs; `plain_text` swaps them at the very edge. The audit test holds every text of
the screen against `ALLOWED`, which lists what Cascadia Mono has and Windows Terminal draws one cell wide.
"""

from __future__ import annotations

UP = "▲"
DOWN = "▼"
CURSOR = "▸"
DOT = "●"
RING = "○"
RULE = "─"
ARROW = "→"
SEPARATOR = "·"
ELLIPSIS = "…"
BLOCKED = "×"
CHECK = "✓"
BAR_FULL = "▇"
BAR_EMPTY = "▁"
PROGRESS_FULL = "█"
PROGRESS_EMPTY = "░"
TRAIL = "›"
PIN = "◆"

_PLAIN = {
    UP: "^",
    DOWN: "v",
    CURSOR: ">",
    DOT: "*",
    PIN: "+",
    RING: "o",
    RULE: "-",
    ARROW: ">",
    SEPARATOR: "-",
    ELLIPSIS: "~",
    BLOCKED: "x",
    CHECK: "+",
    BAR_FULL: "#",
    BAR_EMPTY: ".",
    PROGRESS_FULL: "#",
    PROGRESS_EMPTY: ".",
    TRAIL: ">",
    "┄": ".",
    "╌": "-",
    "•": "*",
    "◄": "<",
    "│": "|",
    "╷": "|",
    "╵": "|",
    "┃": "#",
    "╻": "#",
    "╹": "#",
    "╽": "#",
    "╿": "#",
    "▀": "#",
    "▄": "#",
    "▅": "#",
    "▆": "#",
    "▂": ".",
    "▃": ":",
    "↑": "^",
    "←": "<",
    "↓": "v",
    "≈": "~",
}
_PLAIN_TABLE = str.maketrans(_PLAIN)

_ASCII = {chr(code) for code in range(0x20, 0x7F)}
_CYRILLIC = {chr(code) for code in range(0x400, 0x460)} | set("ґҐ")
_BOXES_AND_BLOCKS = {chr(code) for code in range(0x2500, 0x25A0)}
_SAFE_SIGNS = set("▲▼▴▾▸►◄●○■□◆•·…›×→←↑↓≈≤≥Δ✓₴")
ALLOWED = frozenset(_ASCII | _CYRILLIC | _BOXES_AND_BLOCKS | _SAFE_SIGNS)


def plain_text(text: str) -> str:
    """`text` with every special sign swapped for an ASCII one of the same width."""
    return text.translate(_PLAIN_TABLE)
