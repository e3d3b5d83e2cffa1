"""Keys one after the other: each goes to the screen that the one before it left on top, once that screen is there.

Textual hands a key to whatever has the focus when it arrives. Of several keys typed at once the second would reach the
old screen while the first still opens a new one, or a screen that has no fields, no rows and no focus yet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from textual import events
from textual.message_pump import MessagePump
from textual.screen import Screen

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

KEPT = 256
"""Of more keys than that, typed while a screen opens, the last are let go: nobody means so many."""
WAY_OUT = "escape"

Typed = events.Key | events.Paste


class TypedKeys:
    """Holds back what is typed until the key before it has done all that it does."""

    def __init__(self, app: FuttuiApp, hand_on: Callable[[Typed], Awaitable[None]]) -> None:
        """`hand_on` gives a key to whatever has the focus."""
        self._app = app
        self._hand_on = hand_on
        self._waiting: deque[Typed] = deque()
        self._at: MessagePump | None = None
        """Who has to be done first; None = nobody."""
        self._shown: WeakSet[Screen[Any]] = WeakSet()
        self._opening: Screen[Any] | None = None

    @property
    def idle(self) -> bool:
        """Whether all that was typed is done."""
        return self._at is None and not self._waiting

    async def take(self, event: Typed) -> None:
        """Hands a key on at once if nothing is under way, else when its turn comes."""
        if self._opening in self._shown and isinstance(event, events.Key) and event.key == WAY_OUT:
            # Nobody has to wait for a slow disk to get out; what was typed for this place is of no use elsewhere.
            self._waiting.clear()
            self._next_soon()
        self.look()
        if self._at is not None or self._waiting:
            if len(self._waiting) < KEPT:
                self._waiting.append(event)
            return
        await self._give(event)

    def look(self) -> None:
        """Goes on with what waits once a screen has read what it shows, or whoever was to be done first is gone."""
        if self._at is None:
            return
        opening = self._opening
        left = opening is not None and opening is not self._app.screen
        read = opening in self._shown and not still_reading(opening)
        if read or left or not self._at.is_running:
            self._next_soon()

    async def _give(self, event: Typed) -> None:
        target: MessagePump = self._app.focused or self._app.screen
        self._at = self._app
        await self._hand_on(event)
        self._follow(event, target if event.is_forwarded else self._app)

    def _follow(self, event: Typed, pump: MessagePump) -> None:
        """A key rises from whoever has the focus to the app, from queue to queue; so does this, right behind it."""
        self._at = pump
        if not pump.call_later(self._passed, event, pump):
            self._at = self._app
            self._app.call_later(self._passed, event, self._app)

    def _passed(self, event: Typed, pump: MessagePump) -> None:
        above = pump._parent
        if pump is self._app or above is None or event._stop_propagation:
            # What the key asked for may itself have been left for later; this comes behind it.
            self._at = self._app
            self._app.call_later(self._app.call_next, self._done)
        else:
            self._follow(event, above)

    def _done(self) -> None:
        """A screen that the key opened takes the next one when it stands and its rows are drawn."""
        screen = self._app.screen if self._app.screen_stack else None
        if screen is None or screen in self._shown:
            self._next_soon()
            return
        self._at = self._opening = screen
        if not screen.call_after_refresh(self._stands, screen):
            self._next_soon()

    def _stands(self, screen: Screen[Any]) -> None:
        self._shown.add(screen)
        if screen is self._opening and (not still_reading(screen) or self._skip_to_way_out()):
            self._next_soon()

    def _skip_to_way_out(self) -> bool:
        """Whether the way out of a screen that still reads was typed before that screen stood; then it comes next."""
        outs = [at for at, event in enumerate(self._waiting) if isinstance(event, events.Key) and event.key == WAY_OUT]
        for _ in range(outs[0] if outs else 0):
            self._waiting.popleft()
        return bool(outs)

    def _next_soon(self) -> None:
        self._at = self._opening = None
        if self._waiting:
            self._at = self._app
            self._app.call_later(self._next)

    async def _next(self) -> None:
        self._at = None
        if self._waiting:
            await self._give(self._waiting.popleft())


def still_reading(screen: Screen[Any] | None) -> bool:
    """Whether a screen has no rows yet because a file is being read for it."""
    return bool(getattr(screen, "still_reading", False))
