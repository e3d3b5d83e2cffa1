"""The terminal around the app: its title, and the bell."""

from __future__ import annotations

from typing import Any

from textual.app import App

_SAVE_TITLE = "\x1b[22;2t"
_RESTORE_TITLE = "\x1b[23;2t"


class TerminalWindow:
    """Sets the window title when it changes and gives the old one back at the end."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._title = ""

    def set_title(self, title: str) -> None:
        """Shows `title` (control characters removed) in the window's title bar."""
        clean = "".join(letter for letter in title if letter.isprintable())
        if clean == self._title:
            return
        if not self._title:
            self._write(_SAVE_TITLE)
        self._title = clean
        self._write(f"\x1b]2;{clean}\x07")

    def restore_title(self) -> None:
        """Gives the title back that was there before."""
        if self._title:
            self._title = ""
            self._write(_RESTORE_TITLE)

    def ring(self) -> None:
        """Rings the bell once."""
        self._app.bell()

    def _write(self, text: str) -> None:
        driver = self._app._driver
        if driver is not None and not self._app.is_headless:
            driver.write(text)
