"""Rooms whose parts are loaded when they are asked for: their settings alone are wanted long before the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def parts_of(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: `homes` names, for each of its modules, the parts that it holds."""
    home_of = {name: home for home, names in homes.items() for name in names.split()}

    def part(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{home_of[name]}"), name)

    return part
