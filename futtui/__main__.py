"""Entry of `futtui` and `python -m futtui`. Answers --version before anything heavy is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from futtui.version import VERSION

        print(f"futtui {VERSION}")
        return
    from futtui.cli.app import run

    run()


if __name__ == "__main__":
    main()
