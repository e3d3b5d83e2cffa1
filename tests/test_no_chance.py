"""Rooms that decide draw no numbers: the import contract cannot see numpy's generators, so the source is searched."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "futtui"
ROOMS = ("domain", "indicators", "zones", "regime", "strategies", "signals", "risk", "desk", "analysis")


def draws_of(source: str) -> list[int]:
    """Lines that reach for numpy's random numbers."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Attribute) and node.attr in ("random", "default_rng"))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("numpy.random"))
        or (isinstance(node, ast.Import) and any(name.name.startswith("numpy.random") for name in node.names))
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_no_deciding_room_draws_numbers(room: str) -> None:
    files = sorted((SOURCE / room).rglob("*.py"))
    assert files
    found = {str(path.relative_to(SOURCE)): draws_of(path.read_text(encoding="utf-8")) for path in files}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_search_finds_what_it_looks_for() -> None:
    assert draws_of("import numpy as np\ngenerator = np.random.default_rng(1)\n") == [2, 2]
    assert draws_of("from numpy.random import default_rng\n") == [1]
