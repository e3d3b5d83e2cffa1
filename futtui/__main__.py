"""Entry of `futtui` and `python -m futtui`. Answers --version before anything heavy is imported."""

from __future__ import annotations

import gc
import sys

CALM_START = 100_000, 20, 20
"""What is loaded at the start stays: the garbage collector would look through it ten times and find nothing."""


INTERRUPTED = 130
"""Exit code of a command that was stopped with Ctrl+C."""


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from futtui.version import VERSION

        print(f"futtui {VERSION}")
        return
    gc.set_threshold(*CALM_START)
    try:
        from futtui.cli.app import run

        run()
    except KeyboardInterrupt:  # Ctrl+C while it still loads: nothing is begun, and nobody wants to read where it was
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
