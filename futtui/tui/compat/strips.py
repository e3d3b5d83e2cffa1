"""Strips that go away at once when nobody holds them.

Textual's `Strip.divide` remembers its answer in the strip. Where a strip is cut nowhere the answer is the strip itself,
which then holds itself: every repainted line waits for Python's garbage collector, and when that comes, thousands of
lines are taken apart in the middle of a beat. Such an answer costs nothing to give again, so it is not remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.strip import Strip


def let_strips_go() -> None:
    """Have strips no longer hold themselves; once for the whole process."""
    if not hasattr(Strip, "divide") or getattr(Strip.divide, "_lets_go", False):
        return
    divide = Strip.divide

    def divided(strip: Strip, cuts: Iterable[int]) -> Sequence[Strip]:
        width = strip.cell_length
        wanted = [cut for cut in cuts if cut <= width]
        return [strip] if wanted == [width] else divide(strip, wanted)

    divided._lets_go = True  # type: ignore[attr-defined]
    Strip.divide = divided  # type: ignore[assignment, method-assign]
