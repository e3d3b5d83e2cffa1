"""The shell of the kill switch: keeps what is latched, sees the PANIC file, and closes what the desk does not know."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity, WriteLatch
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.live.clock import steady_ms
from futtui.live.flatten import flatten
from futtui.live.kill_file import panic_asked, panic_done, read_latch, write_latch

if TYPE_CHECKING:
    from futtui.live.connection import Account
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

AGAIN_S = (5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0)
"""Pauses before what could not be closed is tried again, as after a ban or without network; the last one repeats."""
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
        self._is_owed = False
        self._tries = 0
        self._again_at_ms = 0.0
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
        """Obey the PANIC file, once; it is taken away when all is done, what it did stays latched."""
        asked = panic_asked(self._folder)
        if asked and not self._obeyed:
            self._obeyed = True
            try:
                self._engine.runner.submit(KillSwitch(now_ms, KillLevel.LOCK, "the PANIC file"))
            finally:
                self.flatten_soon()
        elif not self._is_wanted():  # re-armed: what comes later is a new matter
            self._is_owed, self._tries = False, 0
        elif self._is_owed and steady_ms() >= self._again_at_ms:
            self.flatten_soon()
        if not asked:
            self._obeyed = False
        elif not self._is_owed:
            self._take_file_away()

    def flatten_soon(self) -> None:
        """Close everything on the account after the desk closed what is ours; one not open yet is waited for."""
        engine = self._engine
        self._is_owed = engine.account is not None or engine.real_account.is_awaited
        if engine.account is not None and not self._flattening:
            self._flattening = True
            engine.beside(self._flatten(engine.account), "kill switch")

    async def _flatten(self, account: Account) -> None:
        is_over, is_flat = True, False
        try:
            is_flat = await self._close_all(account)
        except asyncio.CancelledError:  # futtui ends: the PANIC file stays for the next start
            is_over = False
            raise
        finally:
            self._flattening = False
            if is_over and self._engine.account is account:  # else it was closed meanwhile: the next one is closed out
                self._note_end(is_flat)

    def _note_end(self, is_flat: bool) -> None:
        """An attempt is over. As long as something is left it is made again, and the PANIC file stays."""
        self._is_owed = not is_flat and self._is_wanted()
        if is_flat:
            self._tries = 0
            if self._obeyed:
                self._take_file_away()
            return
        if not self._is_owed:
            self._tries = 0
            return
        pause_s = AGAIN_S[min(self._tries, len(AGAIN_S) - 1)]
        self._tries += 1
        self._again_at_ms = steady_ms() + pause_s * 1000.0
        text = f"It is tried again in {pause_s:.0f} seconds. Re-arming the kill switch (the ! key) ends that."
        self._engine.say("kill", text, Severity.ERROR)

    def _take_file_away(self) -> None:
        if self._keeps:
            panic_done(self._folder)

    async def _close_all(self, account: Account) -> bool:
        """Whether the exchange itself said in the end that nothing is held and no order waits."""
        engine = self._engine
        if engine.live_broker is not None:
            try:
                async with asyncio.timeout(DESK_FIRST_S):
                    await engine.live_broker.drain()
            except TimeoutError:
                log.warning("The desk's closing orders are not answered yet; the account is closed beside them")
        trading, now_ms = account.trading, engine.clock.now_ms
        report = await flatten(trading, trading.known_rules, now_ms, is_wanted=self._is_wanted)
        severity = Severity.NOTICE if report.is_flat else Severity.ERROR
        for line in report.lines():
            engine.say("kill", line, severity)
        return report.is_flat

    def _is_wanted(self) -> bool:
        """Whether what closes everything is still latched; re-arming ends it, also in the middle of a round."""
        return self._engine.runner.desk.kill_level >= KillLevel.FLATTEN

    def _keep(self, latch: WriteLatch) -> None:
        if not self._keeps:
            return
        try:
            write_latch(self._folder, latch)
        except OSError as error:
            text = f"The kill switch could not be kept on disk ({error.strerror}): it holds until futtui is closed."
            self._engine.say("kill", text, Severity.ERROR)
