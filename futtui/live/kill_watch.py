"""The shell of the kill switch: keeps what is latched, sees the PANIC file, and closes what the desk does not know."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity, WriteLatch
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.live.flatten import flatten
from futtui.live.kill_file import panic_asked, panic_done, read_latch, write_latch

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

DESK_FIRST_S = 5.0
"""So long the desk's own closing orders have before the rest of the account is closed."""


class KillWatch:
    """`keeps`: whether what is latched outlives the run; a demo, whose market starts anew, keeps nothing.

    A PANIC file that lay there before a demo began was meant for something else: the demo says so and goes on.
    """

    def __init__(self, engine: Engine, database: Path, *, keeps: bool) -> None:
        self._engine = engine
        self._folder = database.parent
        self._keeps = keeps
        self._flattening = False
        self._obeyed = False
        engine.runner.on_latch = self._keep

    def restore(self) -> None:
        """Throw again what an earlier run latched; whatever is still open of it is closed."""
        if not self._keeps and not self._obeyed and panic_asked(self._folder):
            self._obeyed = True
            text = (
                f"A PANIC file of an earlier run lies in {self._folder}. This demo trades play money and goes on; "
                "real trading stays locked until you run `futtui rearm`."
            )
            self._engine.say("kill", text, Severity.NOTICE)
        latch = read_latch(self._folder) if self._keeps else None
        desk = self._engine.runner.desk
        if latch is not None and desk.kill_level < latch.level:
            reason = f"latched by an earlier run: {latch.reason}"
            self._engine.runner.submit(KillSwitch(self._engine.clock.now_ms(), KillLevel(latch.level), reason))

    def look(self, now_ms: int) -> None:
        """Obey the PANIC file, once; it is taken away, what it did stays latched."""
        if not panic_asked(self._folder):
            self._obeyed = False
            return
        if not self._obeyed:
            self._obeyed = True
            self._engine.runner.submit(KillSwitch(now_ms, KillLevel.LOCK, "the PANIC file"))
            self.flatten_soon()
        if self._keeps:
            panic_done(self._folder)

    def flatten_soon(self) -> None:
        """Close everything on the connected account after the desk closed what is ours."""
        if self._engine.account is not None and not self._flattening:
            self._flattening = True
            self._engine.beside(self._flatten(), "kill switch")

    async def _flatten(self) -> None:
        engine = self._engine
        assert engine.account is not None
        try:
            if engine.live_broker is not None:
                try:
                    async with asyncio.timeout(DESK_FIRST_S):
                        await engine.live_broker.drain()
                except TimeoutError:
                    log.warning("The desk's closing orders are not answered yet; the account is closed beside them")
            trading = engine.account.trading
            report = await flatten(trading, trading.known_rules, engine.clock.now_ms)
            severity = Severity.NOTICE if report.is_flat else Severity.ERROR
            for line in report.lines():
                engine.say("kill", line, severity)
        finally:
            self._flattening = False

    def _keep(self, latch: WriteLatch) -> None:
        if not self._keeps:
            return
        try:
            write_latch(self._folder, latch)
        except OSError as error:
            text = f"The kill switch could not be kept on disk ({error.strerror}): it holds until futtui is closed."
            self._engine.say("kill", text, Severity.ERROR)
