"""Room on the disk of the data folder: told before it runs out, once for each change."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from futtui.domain.effects import Severity
from futtui.live.disk_watch import DiskWatch

ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE


@pytest.mark.parametrize(
    ("free_mb", "told"),
    [
        ([50_000, 40_000, 301], []),
        ([50_000, 299, 250, 280, 301, 50], [WARNING]),
        ([299, 4, 3, 5.5, 4], [WARNING, ERROR]),
        ([1_000, 0, 1_000, 0], [ERROR, NOTICE, ERROR]),
        ([0, 100, 359, 361, 200], [ERROR, WARNING, NOTICE, WARNING]),
    ],
)
def test_each_change_is_told_once_with_how_much_it_matters(free_mb: list[float], told: list[Severity]) -> None:
    lines: list[Severity] = []
    watch = DiskWatch(Path("/data"), lambda topic, text, severity: lines.append(severity))
    for amount in free_mb:
        watch.judge(amount)
    assert lines == told


async def test_a_look_asks_the_disk_of_the_folder_and_one_that_is_away_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    watch = DiskWatch(tmp_path, lambda topic, text, severity: lines.append(text))
    asked: list[Path] = []

    def usage(folder: Path) -> SimpleNamespace:
        asked.append(folder)
        if len(asked) == 1:
            raise OSError(5, "away")
        return SimpleNamespace(free=1_000_000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert watch.is_due
    await watch.look()
    assert (lines, watch.is_due) == ([], False)
    await watch.look()
    assert asked == [tmp_path, tmp_path]
    assert len(lines) == 1
    assert str(tmp_path) in lines[0]
