"""The walk of a new user: each step is told by the screen itself, and its pictures lie where the README shows them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from pathlib import Path

from docs.walk import MOST_BYTES, PICTURES, SIZE, WALK, go, walk_app
from tests.tui.screen_text import screen_lines, screen_text

README = Path(__file__).resolve().parents[2] / "README.md"
_TEXT = re.compile(r'<text [^>]*?x="([\d.]+)"[^>]*?-line-(\d+)\)"[^>]*>([^<]*)</text>')


def drawn_lines(picture: str) -> list[str]:
    """The lines of a picture without their blanks, from the top down."""
    text = (PICTURES / f"{picture}.svg").read_text(encoding="utf-8")
    lines: dict[int, str] = {}
    for row, _, part in sorted((int(row), float(x), part) for x, row, part in _TEXT.findall(text)):
        lines[row] = lines.get(row, "") + html.unescape(part)
    return without_blanks(lines.values())


def without_blanks(lines: Iterable[str]) -> list[str]:
    """The lines that have something on them, without any blank."""
    return [line for line in ("".join(line.split()) for line in lines) if line]


async def test_every_step_of_the_walk_is_told_by_the_screen_before_it_and_its_picture_is_as_the_screen() -> None:
    app, backtests = walk_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.pulse.stop()
        for step in WALK:
            before = await go(pilot, backtests, step)
            assert step.hint in before, step
            assert step.shows in screen_text(app), step
            if step.picture:
                shown = without_blanks(screen_lines(app))
                assert drawn_lines(step.picture) == shown, f"{step.picture}: python -m docs.walk draws it anew"


def test_readme_shows_every_picture_of_the_walk_and_each_is_small() -> None:
    drawn = {f"{step.picture}.svg" for step in WALK if step.picture}
    assert set(re.findall(r"docs/pictures/([\w.-]+)", README.read_text(encoding="utf-8"))) == drawn
    assert {path.name for path in PICTURES.glob("*.svg")} == drawn
    for name in drawn:
        text = (PICTURES / name).read_text(encoding="utf-8")
        assert text.startswith("<svg")
        assert len(text.encode()) <= MOST_BYTES
