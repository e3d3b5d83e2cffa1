"""`python -m benchmarks` lists the benchmarks; `python -m benchmarks NAME` runs one, `NAME --help` tells its options.

A run prints a table and, as its last line, one JSON object with its figures.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from types import ModuleType

import benchmarks


def modules() -> dict[str, ModuleType]:
    """All benchmarks by name."""
    found: dict[str, ModuleType] = {}
    for info in pkgutil.iter_modules(benchmarks.__path__):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"benchmarks.{info.name}")
            if hasattr(module, "run"):
                found[module.NAME] = module
    return dict(sorted(found.items()))


def table_lines(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows as aligned text, the first being the header."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def main(arguments: list[str]) -> int:
    """Run the command line; exit code 2 for an unknown name."""
    known = modules()
    if not arguments:
        width = max(map(len, known))
        for name, module in known.items():
            print(f"{name.ljust(width)}  {module.DESCRIPTION}")
        return 0
    name = arguments[0]
    if name not in known:
        print(f"There is no benchmark {name!r}. Known: {', '.join(known)}.", file=sys.stderr)
        return 2
    options, takes_some = arguments[1:], getattr(known[name], "TAKES_ARGUMENTS", False)
    if options and not takes_some:
        print(f"The benchmark {name!r} has no options, but got: {' '.join(options)}.", file=sys.stderr)
        return 2
    rows, figures = known[name].run(options) if takes_some else known[name].run()
    print("\n".join(table_lines(rows)))
    print(json.dumps({"benchmark": name, **figures}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
