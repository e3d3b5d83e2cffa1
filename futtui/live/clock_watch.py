"""Watches the PC's clock against the exchange's: measures now and then, and says in plain words when it is wrong."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError
from futtui.domain.health import ClockHealth

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

PAUSE_S = 600.0
WRONG_MS = 1000
"""The exchange refuses requests whose time is a second ahead of its own."""
DRIFT_MS_PER_HOUR = 2000.0
SET_IT = (
    "Windows: Settings, Time & language, Date & time, switch on 'Set time automatically' and press 'Sync now'. "
    "Linux: switch on NTP (timedatectl set-ntp true)."
)


def clock_advice(offset_ms: int, drift_ms_per_hour: float | None) -> str:
    """What is wrong with the PC's clock and what to do; empty while it is good enough.

    `offset_ms` above 0: the exchange is ahead, so the PC is behind.
    """
    if abs(offset_ms) > WRONG_MS:
        way = "behind" if offset_ms > 0 else "ahead of"
        return (
            f"This PC's clock is {_span(abs(offset_ms))} {way} the exchange's. futtui corrects for it, but other "
            f"programs do not. {SET_IT}"
        )
    if drift_ms_per_hour is not None and abs(drift_ms_per_hour) > DRIFT_MS_PER_HOUR:
        way = "slow" if drift_ms_per_hour > 0 else "fast"
        return f"This PC's clock runs too {way}: {abs(drift_ms_per_hour) / 1000:.1f} s an hour. {SET_IT}"
    return ""


def _span(span_ms: int) -> str:
    if span_ms < 120_000:
        return f"{span_ms / 1000:.1f} s"
    if span_ms < 7_200_000:
        return f"{span_ms / 60_000:.0f} min"
    return f"{span_ms / 3_600_000:.0f} h"


class ClockWatch:
    """Measures every ten minutes and whenever something made the time doubtful; alarms come and go once."""

    def __init__(self, engine: Engine, pause_s: float = PAUSE_S) -> None:
        self._engine = engine
        self._pause_s = pause_s
        self._told = ""

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            await self.measure()
            await asyncio.sleep(self._pause_s)

    async def measure(self) -> None:
        """Measure now; a failure leaves what is known."""
        connection = self._engine.connection
        if connection is None or connection.measure_clock is None:
            return
        try:
            self.take(await connection.measure_clock())
        except ExchangeError as error:
            log.info("The exchange's time could not be measured: %s", error)
        except Exception:
            log.exception("The clock could not be judged; the next look follows")

    def take(self, clock: ClockHealth) -> None:
        """Judge a measurement, and tell people when the judgement changed."""
        advice = clock_advice(clock.offset_ms, clock.drift_ms_per_hour) if clock.offset_ms is not None else ""
        self._engine.health.clock = replace(clock, advice=advice)
        if bool(advice) == bool(self._told):
            return
        self._told = advice
        if advice:
            self._engine.say("engine", advice, Severity.WARNING)
        else:
            self._engine.say("engine", "This PC's clock agrees with the exchange's again.", Severity.NOTICE)
