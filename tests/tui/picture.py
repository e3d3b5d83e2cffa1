"""Pictures of screens as text: every cell with its colours, in two themes at once, small enough to be read in a diff.

One file holds one screen in all its sizes. A row is what is shown, then `┊` and how it is coloured: `a12 b3` are twelve
cells of style a and three of style b. The styles stand below each size, one column a theme. `FUTTUI_GOLDEN=write`
writes the files; `python -m tests.tui.picture FOLDER` draws them all as a page to look at.
"""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from rich.color import Color
from rich.style import Style
from textual.strip import Strip

from futtui.tui.app import FuttuiApp

FOLDER = Path(__file__).resolve().parent / "pictures"
EDGE = "┊"
Cell = tuple[str, str]
Grid = tuple[tuple[Cell, ...], ...]
"""Rows of cells, each a character and its colours."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One size of a screen: what is shown, and the style of each cell in each theme."""

    size: tuple[int, int]
    themes: tuple[str, ...]
    rows: tuple[str, ...]
    styles: tuple[tuple[tuple[str, ...], ...], ...]

    @property
    def title(self) -> str:
        """Size and themes."""
        return f"{self.size[0]}x{self.size[1]} {' '.join(self.themes)}"


def shown_cells(app: FuttuiApp) -> Grid:
    """What the window shows now, with what shines through from the screens below."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    return tuple(tuple(_cells(Strip.join(line))) for line in update.strips)  # type: ignore[union-attr]


def _cells(strip: Strip) -> Iterator[Cell]:
    """Each cell; a blank takes the ink of the cell before it where the ground is the same, because none is seen."""
    before, ground_before = "", ""
    for segment in strip:
        style, ground, shows_blanks = _style_text(segment.style or Style())
        for letter in segment.text:
            if letter != " " or shows_blanks or ground != ground_before:
                before, ground_before = style, "" if shows_blanks else ground
            yield letter, before


@cache
def _style_text(style: Style) -> tuple[str, str, bool]:
    """The style in words, its ground alone, and whether it can be seen on a blank."""
    names = [name for name in ("bold", "dim", "italic", "underline", "reverse", "strike") if getattr(style, name)]
    ground = _color_text(style.bgcolor)
    text = " ".join([f"{_color_text(style.color)} on {ground}", *names])
    return text, ground, not {"underline", "reverse", "strike"}.isdisjoint(names)


def _color_text(color: Color | None) -> str:
    if color is None or color.is_default:
        return "default"
    return color.get_truecolor().hex


def picture_of(size: tuple[int, int], grids: dict[str, Grid]) -> Picture:
    """The same screen in each theme as one picture; a theme changes colours, never a word."""
    letters = {theme: tuple("".join(letter for letter, _ in row) for row in grid) for theme, grid in grids.items()}
    rows = next(iter(letters.values()))
    for theme, others in letters.items():
        assert others == rows, f"{theme} shows other words than {next(iter(letters))}"
    styles = tuple(
        tuple(zip(*(tuple(style for _, style in row) for row in same_row), strict=True))
        for same_row in zip(*grids.values(), strict=True)
    )
    return Picture(size, tuple(grids), rows, styles)


# Written


def picture_text(pictures: Sequence[Picture]) -> str:
    """All sizes of a screen as the text of its file."""
    return "\n".join("\n".join(_picture_lines(picture)) for picture in pictures) + "\n"


def _picture_lines(picture: Picture) -> Iterator[str]:
    names: dict[tuple[str, ...], str] = {}
    yield f"=== {picture.title}"
    for row, styles in zip(picture.rows, picture.styles, strict=True):
        runs = []
        for style, same in groupby(styles):
            name = names.setdefault(style, _name(len(names)))
            count = sum(1 for _ in same)
            runs.append(name if count == 1 else f"{name}{count}")
        yield f"{row}{EDGE}{' '.join(runs)}"
    width = max(len(style[0]) for style in names)
    for style, name in names.items():
        yield f"{name:<3}{'  '.join(f'{part:<{width}}' for part in style)}".rstrip()


def _name(number: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    first, second = divmod(number, len(letters))
    return (letters[first - 1] if first else "") + letters[second]


def check_picture(name: str, pictures: Sequence[Picture]) -> None:
    """Fails with the rows that differ from the file of this screen."""
    path = FOLDER / f"{name}.txt"
    shown = picture_text(pictures)
    if os.environ.get("FUTTUI_GOLDEN") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8", newline="\n")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if shown == kept:
        return
    kept_lines, lines = kept.splitlines(), shown.splitlines()
    kept_lines += [""] * (len(lines) - len(kept_lines))
    lines += [""] * (len(kept_lines) - len(lines))
    differ = [(old, new) for old, new in zip(kept_lines, lines, strict=True) if old != new]
    told = "\n".join(f"- {old}\n+ {new}" for old, new in differ[:12])
    raise AssertionError(f"{name}: {len(differ)} lines differ from {path.name}\n{told}")


# Drawn


def read_pictures(path: Path) -> list[Picture]:
    """The pictures of a file."""
    pictures = []
    for block in path.read_text(encoding="utf-8").split("=== ")[1:]:
        title, *lines = block.splitlines()
        size_text, *themes = title.split(" ")
        width, height = (int(part) for part in size_text.split("x"))
        legend = {
            line[:3].strip(): tuple(part.strip() for part in line[3:].split("  ") if part) for line in lines[height:]
        }
        rows = tuple(line[:width] for line in lines[:height])
        styles = tuple(
            tuple(
                legend[run.rstrip("0123456789")]
                for run in line[width + 1 :].split(" ")
                for _ in range(int(run.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") or 1))
            )
            for line in lines[:height]
        )
        pictures.append(Picture((width, height), tuple(themes), rows, styles))
    return pictures


def picture_html(picture: Picture, theme: str) -> str:
    """A picture as coloured text of a web page."""
    at = picture.themes.index(theme)
    parts = []
    for row, styles in zip(picture.rows, picture.styles, strict=True):
        cells = zip(row, (style[at] for style in styles), strict=True)
        for style, same in groupby(cells, key=lambda cell: cell[1]):
            ink, _, rest = style.partition(" on ")
            ground, *names = rest.split(" ")
            weight = ";font-weight:bold" if "bold" in names else ""
            text = html.escape("".join(letter for letter, _ in same))
            parts.append(f'<span style="color:{ink};background:{ground}{weight}">{text}</span>')
        parts.append("\n")
    return f"<pre>{''.join(parts)}</pre>"


def draw_all(folder: Path) -> Path:
    """A page with every picture; gives its place."""
    parts = ['<meta charset="utf-8"><title>Pictures</title><style>pre{font:14px/1.2 monospace}</style>']
    for path in sorted(FOLDER.glob("*.txt")):
        for picture in read_pictures(path):
            for theme in picture.themes:
                parts.append(f"<h3>{path.stem} {picture.size[0]}x{picture.size[1]} {theme}</h3>")
                parts.append(picture_html(picture, theme))
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "pictures.html"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


if __name__ == "__main__":
    sys.stdout.write(f"{draw_all(Path(sys.argv[1]))}\n")
