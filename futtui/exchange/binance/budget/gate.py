"""The gate in front of all requests: pauses after 429, stays shut during a ban, opens slowly after it."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from futtui.exchange.binance.budget.ban_file import BanFile, BanRecord
from futtui.exchange.binance.errors import LONGEST_BAN_MS, Banned, utc_text

AFTER_BAN_MS = 5_000
MOST_JITTER_MS = 5_000
SLOWED_MS = 600_000
SLOWED_SHARE = 0.5
RAMP = ((60_000, 0.10), (120_000, 0.30))
"""After a ban: this share of the budget until so many ms after the gate opened; then all of it."""
LONGEST_CLOSED_MS = LONGEST_BAN_MS + AFTER_BAN_MS + MOST_JITTER_MS
FIREWALL_STREAK_MS = 600_000
LONGEST_FIREWALL_MS = 32 * 60_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BanAlert:
    """Told twice a ban: when it starts and when futtui asks again. `text` is for people."""

    started: bool
    until_ms: int
    text: str


AlertHandler = Callable[[BanAlert], None]


class Gate:
    """Knows from the exchange's answers whether and how fast requests may leave. All times in ms of the exchange."""

    def __init__(
        self,
        *,
        on_alert: AlertHandler | None = None,
        ban_file: BanFile | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._on_alert = on_alert
        self._ban_file = ban_file
        self._jitter = jitter
        self._ban = ban_file.load() if ban_file else None
        self.pause_until_ms = 0
        self.slowed_until_ms = 0

    # What the exchange said

    def too_many(self, until_ms: int, now_ms: int) -> None:
        """HTTP 429: closed until `until_ms`, then half of the budget for ten minutes."""
        if now_ms >= self.slowed_until_ms:
            logger.warning("The exchange says: too many requests. futtui asks half as much for ten minutes.")
        self.pause_until_ms = max(self.pause_until_ms, until_ms)
        self.slowed_until_ms = max(self.slowed_until_ms, now_ms + SLOWED_MS)

    def ban(self, ban: Banned, now_ms: int) -> None:
        """HTTP 418 or the firewall's page: closed for everything. A longer ban replaces a shorter one."""
        streak = self._firewall_streak(ban, now_ms)
        until_ms = ban.until_ms
        if streak > 1:
            until_ms = now_ms + min(LONGEST_FIREWALL_MS, (ban.until_ms - now_ms) * 2 ** (streak - 1))
        running = self.is_banned(now_ms)
        if running and self._ban is not None and until_ms <= self._ban.until_ms:
            return
        if not running:
            self.refresh(now_ms)  # the end of an older ban is told before the start of a new one
        opens_ms = until_ms + AFTER_BAN_MS + int(self._jitter() * MOST_JITTER_MS)
        self._remember(BanRecord(until_ms, opens_ms, ban.firewall, streak=streak))
        if not running:
            self._alert(BanAlert(True, opens_ms, str(Banned(until_ms, firewall=ban.firewall))))

    # What follows from it

    def refresh(self, now_ms: int) -> None:
        """Tell the end of a ban once it is over."""
        if self._ban is not None and not self._ban.end_told and now_ms >= self._ban.opens_ms:
            ended = self._ban
            self._remember(BanRecord(ended.until_ms, ended.opens_ms, ended.firewall, True, ended.streak))
            text = "The exchange's ban is over. futtui asks again, slowly for the first two minutes."
            self._alert(BanAlert(False, ended.opens_ms, text))

    def is_banned(self, now_ms: int) -> bool:
        """Whether nothing at all may leave.

        A remembered ban that would last longer than any ban of the exchange was noted with a wrong clock: it counts
        for nothing, and should it be true the exchange says so again.
        """
        return self._ban is not None and 0 < self._ban.opens_ms - now_ms <= LONGEST_CLOSED_MS

    def refuse_while_banned(self, now_ms: int) -> None:
        """Raises Banned, with the time at which futtui asks again."""
        if self._ban is not None and self.is_banned(now_ms):
            raise Banned(self._ban.opens_ms, firewall=self._ban.firewall)

    def is_paused(self, now_ms: int) -> bool:
        """Whether only protection may leave."""
        return now_ms < self.pause_until_ms

    def share(self, now_ms: int) -> float:
        """The part of the budget that may be used now."""
        share = SLOWED_SHARE if now_ms < self.slowed_until_ms else 1.0
        return min(share, self._ramp_share(now_ms))

    def closed_until_ms(self, now_ms: int) -> int:
        """When the gate opens; 0 = it is open."""
        latest = max(self.pause_until_ms, self._ban.opens_ms if self._ban and self.is_banned(now_ms) else 0)
        return latest if latest > now_ms else 0

    def next_change_ms(self, now_ms: int) -> int | None:
        """The next time at which this gate lets through more; None if nothing is held back."""
        opens_ms = self._ban.opens_ms if self._ban else 0
        times = (self.pause_until_ms, self.slowed_until_ms, opens_ms, *(opens_ms + end_ms for end_ms, _ in RAMP))
        return min((time for time in times if time > now_ms), default=None)

    def word(self, now_ms: int) -> str:
        """The state in one word: banned, paused, ramp, slowed or open."""
        if self.is_banned(now_ms):
            return "banned"
        if self.is_paused(now_ms):
            return "paused"
        if self._ramp_share(now_ms) < 1.0:
            return "ramp"
        return "slowed" if now_ms < self.slowed_until_ms else "open"

    def text(self, now_ms: int) -> str:
        """The state for people; nothing when the gate is open."""
        opens = utc_text(self.closed_until_ms(now_ms))
        return {
            "banned": f"banned: futtui asks again at {opens} UTC",
            "paused": f"too many requests: futtui asks again at {opens} UTC",
            "ramp": "asking slowly after a ban",
            "slowed": "asking half as much after too many requests",
        }.get(self.word(now_ms), "")

    def shift(self, by_ms: int) -> None:
        """The clock was set back by `-by_ms`: pauses last as long as they would have. Bans name the exchange's time."""
        self.pause_until_ms += by_ms
        self.slowed_until_ms += by_ms

    def _ramp_share(self, now_ms: int) -> float:
        if self._ban is None:
            return 1.0
        since_ms = now_ms - self._ban.opens_ms
        if since_ms < 0:  # not believed, or the gate is shut anyway
            return 1.0
        return next((share for end_ms, share in RAMP if since_ms < end_ms), 1.0)

    def _firewall_streak(self, ban: Banned, now_ms: int) -> int:
        """How many times in a row the firewall refused us, this one included; 0 for another kind of ban."""
        if not ban.firewall:
            return 0
        before = self._ban
        if before is None or not before.firewall or now_ms > before.opens_ms + FIREWALL_STREAK_MS:
            return 1
        return before.streak + (0 if self.is_banned(now_ms) else 1)

    def _remember(self, record: BanRecord) -> None:
        self._ban = record
        if self._ban_file is not None:
            self._ban_file.save(record)

    def _alert(self, alert: BanAlert) -> None:
        if self._on_alert is None:
            logger.warning("%s", alert.text)
        else:
            self._on_alert(alert)
