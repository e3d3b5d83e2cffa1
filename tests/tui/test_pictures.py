"""A picture of every screen in three sizes, dark and colour-safe: `python -m tests.tui.picture FOLDER` shows them all.

One app draws all pictures of a tour: it is resized and its theme is switched while it runs. That a new start in that
size and theme draws the same is a slow test.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from futtui.tui.running_settings import use_theme
from tests.tui.picture import FOLDER, Grid, check_picture, picture_of, read_pictures, shown_cells
from tests.tui.screens import SHOTS, TOURS, Shot, Size, app_of, go_back, go_there, settle

Grids = dict[tuple[Size, str], Grid]


@pytest.mark.parametrize("tour", TOURS.values(), ids=TOURS)
async def test_pictures_in_every_size_and_theme(tour: tuple[Shot, ...]) -> None:
    troubles = []
    grids: dict[str, Grids] = {shot.name: {} for shot in tour}
    for part in [tour] if not tour[0].anew else [(replace(tour[0], sizes=(size,)),) for size in tour[0].sizes]:
        await visit(part, grids)
    for shot in tour:
        seen = grids[shot.name]
        pictures = [picture_of(size, {name: seen[size, name] for name in shot.themes}) for size in shot.sizes]
        try:
            check_picture(shot.name, pictures)
        except AssertionError as error:
            troubles.append(str(error))
    assert not troubles, "\n".join(troubles)


async def visit(tour: tuple[Shot, ...], grids: dict[str, Grids]) -> None:
    """One app goes to each screen of the tour; what is seen goes into `grids`."""
    app, engine = app_of(tour[0], tour[0].themes[0])
    async with app.run_test(size=tour[0].sizes[0]) as pilot:
        for shot in tour:
            if shot is not tour[0]:
                await go_back(pilot)
                if app.size not in shot.sizes:
                    await pilot.resize_terminal(*shot.sizes[0])
            await go_there(shot, pilot, engine)
            grids[shot.name].update(await drawn(shot, pilot))


async def drawn(shot: Shot, pilot: Pilot[None]) -> Grids:
    """The screen in all its sizes and themes, with as few changes as there can be."""
    app = pilot.app
    grids: Grids = {}
    for size in sorted(shot.sizes, key=lambda one: one != app.size):
        if app.size != size:
            await pilot.resize_terminal(*size)
            await settle(pilot)
        for theme in sorted(shot.themes, key=lambda one: one != app.palette.tokens.name):
            if app.palette.tokens.name != theme:
                use_theme(app, theme)
                await settle(pilot)
            grids[size, theme] = shown_cells(app)
    return grids


def test_every_file_of_pictures_is_compared() -> None:
    names = [shot.name for shot in SHOTS]
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(names)
    assert len(names) == len(set(names))


@pytest.mark.slow
@pytest.mark.parametrize("shot", SHOTS, ids=[shot.name for shot in SHOTS])
async def test_new_start_in_that_size_and_theme_draws_the_same(shot: Shot) -> None:
    for picture in read_pictures(FOLDER / f"{shot.name}.txt"):
        for at, theme in enumerate(picture.themes):
            app, engine = app_of(shot, theme)
            async with app.run_test(size=picture.size) as pilot:
                await go_there(shot, pilot, engine)
                cells = shown_cells(app)
            assert ["".join(letter for letter, _ in row) for row in cells] == list(picture.rows)
            kept = [[styles[at] for styles in row] for row in picture.styles]
            assert [[style for _, style in row] for row in cells] == kept
