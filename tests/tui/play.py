"""Shows the dashboard on a moving fake engine: `python -m tests.tui.play [theme] [plain]`. For looking, not a test."""

from __future__ import annotations

import sys
import threading

from futtui.tui.app import FuttuiApp
from futtui.tui.settings import UiSettings
from tests.tui.fake_engine import MovingEngine


class PlayEngine(MovingEngine):
    """Steps itself five times a second once started."""

    def start(self) -> None:
        """Starts the steps in the background."""
        super().start()
        stopper = threading.Event()

        def run() -> None:
            while not stopper.wait(0.2):
                self.step()

        threading.Thread(target=run, daemon=True).start()


def main(arguments: list[str]) -> None:
    """Runs the app until quit."""
    theme = next((name for name in arguments if name not in ("plain",)), "night")
    FuttuiApp(PlayEngine(), settings=UiSettings(theme=theme, plain_glyphs="plain" in arguments)).run()


if __name__ == "__main__":
    main(sys.argv[1:])
