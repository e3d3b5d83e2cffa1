"""A grid of cells with a sign, an ink and a ground each, and its rows as lines of spans.

A span's token is `ink/ground`: names of theme colours that the palette resolves once per pair.
"""

from __future__ import annotations

from futtui.tui.paint.text import Line, Span

LIFT = "+"
"""Ending of a ground under the crosshair."""
_FADED = {"poc": "value_area", "value_area": "value_area", "profile": "profile", "": ""}
"""Grounds of old data; every other one fades to that of the profile."""


class Canvas:
    """Cells of the plot; layers write into the lists directly, because this is the hot path."""

    __slots__ = ("grounds", "height", "inks", "signs", "width")

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.signs = [[" "] * width for _ in range(height)]
        self.inks = [["text"] * width for _ in range(height)]
        self.grounds = [[""] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, ink: str) -> None:
        """Writes a text into a row; what lies outside is left out."""
        if not 0 <= y < self.height:
            return
        for at, sign in enumerate(text, x):
            if 0 <= at < self.width:
                self.signs[y][at] = sign
                self.inks[y][at] = ink

    def shade(self, y: int, first: int, last: int, ground: str) -> None:
        """The ground of the cells from `first` up to `last` (not included)."""
        if 0 <= y < self.height and last > first:
            self.grounds[y][first:last] = [ground] * (last - first)

    def lift(self, x: int, y: int) -> None:
        """Brightens column `x` and row `y`, hiding nothing."""
        if 0 <= y < self.height:
            self.grounds[y] = [ground + LIFT for ground in self.grounds[y]]
        if 0 <= x < self.width:
            for at, row in enumerate(self.grounds):
                if at != y:
                    row[x] += LIFT

    def line(self, y: int, *, dim: bool = False) -> Line:
        """One row as spans; blanks join what stands before them. `dim` takes the colour out of old data."""
        signs, inks, grounds = self.signs[y], self.inks[y], self.grounds[y]
        spans: list[Span] = []
        begun = 0
        ink, ground = inks[0] if signs else "text", grounds[0] if signs else ""
        for x, (sign, next_ink, next_ground) in enumerate(zip(signs, inks, grounds, strict=True)):
            if next_ground is not ground and next_ground != ground:
                pass
            elif sign == " " or next_ink is ink or next_ink == ink:
                continue
            if x > begun:
                spans.append(("".join(signs[begun:x]), _faded(ground) if dim else f"{ink}/{ground}"))
                begun = x
            ink, ground = next_ink, next_ground
        if self.width > begun:
            spans.append(("".join(signs[begun:]), _faded(ground) if dim else f"{ink}/{ground}"))
        return tuple(spans)


def _faded(ground: str) -> str:
    """The token of old data: no colour at all means that nothing should be traded on it."""
    plain = ground.removesuffix(LIFT)
    return f"dim/{_FADED.get(plain, 'profile')}{ground[len(plain) :]}"
