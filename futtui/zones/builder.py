"""Zones of one symbol on one timeframe, kept from bar to bar.

A new cluster of confirmed swings becomes a zone, or is recognised as one that exists. Between new swings only the
touches are counted, so a close costs little. Not used yet, for want of inputs: swing volume, VWAP confluence.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from statistics import median

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.indicators.averages import Ema
from futtui.zones.clustering import clusters
from futtui.zones.live_zone import Bar, LiveZone, history, overlap_share
from futtui.zones.score import WEAK_BELOW
from futtui.zones.settings import ZoneSettings
from futtui.zones.swings import FractalSwings, Swing

RANGE_BARS = 20
KEPT_PER_SHOWN = 2
"""Zones remembered for each one that may be shown."""
Seniors = Callable[[], Sequence[Zone]]
_QUOTES = ("USDT", "USDC", "BUSD", "USD")


class ZoneBuilder:
    """Zones of one timeframe. Feed closed candles of that timeframe only, in order."""

    def __init__(self, symbol: str, timeframe: Timeframe, settings: ZoneSettings | None = None) -> None:
        self.symbol = symbol
        self.timeframe = timeframe
        self.settings = settings or ZoneSettings()
        self.frame = self.settings.frame(timeframe)
        self._zones: tuple[Zone, ...] = ()
        self._unpublished: tuple[int, float, Seniors] | None = None
        self._swings = FractalSwings(self.frame.fractal_bars)
        self._known: deque[Swing] = deque()
        self._bars: deque[Bar] = deque(maxlen=self.frame.lookback_bars)
        self._live: list[LiveZone] = []
        self._ema_200 = Ema(200)
        self._made = 0
        self._started = False
        self._seen = 0

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The zones to show at the last close, lowest first; scored and chosen when asked for, once a close."""
        if self._unpublished is not None:
            (now_ms, atr, seniors), self._unpublished = self._unpublished, None
            self._zones = self._selected(self._scored(self._live, now_ms, atr, seniors()), atr)
        return self._zones

    def on_candle(self, candle: Candle, atr: float | None, seniors: Seniors = tuple) -> None:
        """Take the next closed candle with the ATR at its close (None or 0: not available, nothing is built).

        `seniors` gives the zones of higher timeframes, for confluence. Raises InvalidInputError for an old candle.
        """
        if self._bars and candle.open_time_ms <= self._bars[-1][0]:
            raise InvalidInputError(
                f"{self.symbol} {self.timeframe.code}: the candle at {candle.open_time_ms} is not newer than the last "
                "one. Feed each closed candle once, in order of time."
            )
        self._seen += 1
        self._ema_200.update(candle.close)
        found = self._swings.update(candle)
        self._known.extend(found)
        self._bars.append((candle.open_time_ms, candle.low, candle.high, candle.close, atr or 0.0))
        while self._known and self._known[0].time_ms < self._bars[0][0]:
            self._known.popleft()
        if not atr:
            return
        for zone in self._live:
            zone.update(self._bars[-1])
        if self._seen >= self.settings.minimum_bars and (found or not self._started):
            self._recluster(found if self._started else self._known, atr)
            self._started = True
        now_ms = self.timeframe.end_ms(candle.open_time_ms)
        self._let_go(now_ms, atr, seniors)
        self._unpublished = (now_ms, atr, seniors)

    def _recluster(self, news: Sequence[Swing], atr: float) -> None:
        """Turn the clusters that hold one of `news` into new or known zones."""
        groups: list[list[Swing]] = []
        for is_high in (True, False):
            fresh = {swing for swing in news if swing.is_high == is_high}
            if fresh:
                ordered = sorted((swing for swing in self._known if swing.is_high == is_high), key=_by_price)
                groups += self._groups(ordered, fresh, atr)
        taken: set[str] = set()
        for group in sorted(groups, key=_by_weight):
            self._place(group, atr, taken)

    def _groups(self, ordered: list[Swing], fresh: set[Swing], atr: float) -> list[list[Swing]]:
        """Clusters with a fresh swing. Only chains of close swings that hold one are looked at: no other can."""
        eps = self.settings.cluster_eps_atr * atr
        found = []
        start = 0
        for end in range(1, len(ordered) + 1):
            if end < len(ordered) and ordered[end].price - ordered[end - 1].price <= eps:
                continue
            chain, start = ordered[start:end], end
            if len(chain) < self.settings.cluster_min_swings or fresh.isdisjoint(chain):
                continue
            prices = [swing.price for swing in chain]
            for indices in clusters(prices, eps, self.settings.cluster_min_swings, self._widest(atr)):
                group = [chain[index] for index in indices]
                if not fresh.isdisjoint(group):
                    found.append(group)
        return found

    def _place(self, members: list[Swing], atr: float, taken: set[str]) -> None:
        low, high = self._borders([swing.price for swing in members], atr)
        best = self._same_place(low, high)
        if best is not None:
            if best.zone_id not in taken:
                best.move_borders(low, high)
                taken.add(best.zone_id)
            return
        kind = ZoneKind.RESISTANCE if members[0].is_high else ZoneKind.SUPPORT
        made_ms = self.timeframe.end_ms(max(swing.confirmed_ms for swing in members))
        zone = LiveZone(kind, (low, high), made_ms, self.settings, self.frame)
        first_ms = min(swing.time_ms for swing in members) - self.timeframe.ms
        zone.replay(bar for bar in history(self._bars, first_ms) if bar[4] > 0)
        zone.zone_id = self._next_id(zone.kind)
        taken.add(zone.zone_id)
        self._live.append(zone)

    def _same_place(self, low: float, high: float) -> LiveZone | None:
        """The zone that overlaps these borders enough; of several the most, then the one nearest to their middle."""
        best, best_rank = None, (self.settings.match_overlap, -float("inf"))
        for zone in self._live:
            share = overlap_share(zone.low, zone.high, low, high)
            if share >= best_rank[0]:
                rank = (share, -abs(zone.low + zone.high - low - high))
                if rank > best_rank:
                    best, best_rank = zone, rank
        return best

    def _borders(self, prices: list[float], atr: float) -> tuple[float, float]:
        """Median plus and minus half the width: the span of the swings within the limits in ATR and percent."""
        middle = median(prices)
        width = max(self.frame.min_width_atr * atr, min(self.frame.max_width_atr * atr, max(prices) - min(prices)))
        half = max(width, self.settings.min_width_pct / 100.0 * middle) / 2.0
        return middle - half, middle + half

    def _widest(self, atr: float) -> float:
        """Largest span of a cluster before it is split."""
        recent = list(islice(reversed(self._bars), RANGE_BARS))
        walked = max(bar[2] for bar in recent) - min(bar[1] for bar in recent)
        close = recent[0][3]
        return min(self.frame.guard_atr * atr, self.frame.guard_pct / 100.0 * close, self.frame.guard_range * walked)

    def _next_id(self, kind: ZoneKind) -> str:
        self._made += 1
        base = next((self.symbol[: -len(quote)] for quote in _QUOTES if self.symbol.endswith(quote)), self.symbol)
        return f"{base or self.symbol}-{self.timeframe.code}-{kind.value[0]}-{self._made:04d}"

    def _let_go(self, now_ms: int, atr: float, seniors: Seniors) -> None:
        """Forget expired zones, weak ones that were left alone, and the worst of too many. Scores only where needed."""
        kept = []
        for zone in self._live:
            idle = zone.idle_days(now_ms)
            if idle > self.frame.expiry_days:
                continue
            if idle > self.frame.prune_days:
                score = zone.score(now_ms, self._confluence(zone, atr, seniors()))
                if score < WEAK_BELOW:
                    continue
            kept.append(zone)
        limit = KEPT_PER_SHOWN * self.frame.max_zones
        if len(kept) > limit:
            kept = [zone for _, zone in self._scored(kept, now_ms, atr, seniors())[:limit]]
        self._live = kept

    def _scored(
        self, zones: Sequence[LiveZone], now_ms: int, atr: float, seniors: Sequence[Zone]
    ) -> list[tuple[float, LiveZone]]:
        """Zones with their scores, best first."""
        scored = [(zone.score(now_ms, self._confluence(zone, atr, seniors)), zone) for zone in zones]
        scored.sort(key=lambda pair: (-pair[0], pair[1].zone_id))
        return scored

    def _selected(self, scored: list[tuple[float, LiveZone]], atr: float) -> tuple[Zone, ...]:
        """The best zones, at most `max_zones`, their middles at least the spacing apart; lowest first."""
        spacing = self.frame.spacing_atr * atr
        chosen: list[tuple[float, Zone]] = []
        for score, zone in scored:
            middle = (zone.low + zone.high) / 2.0
            place = bisect_left(chosen, middle, key=_first)
            clear_below = place == 0 or middle - chosen[place - 1][0] >= spacing
            clear_above = place == len(chosen) or chosen[place][0] - middle >= spacing
            if clear_below and clear_above:
                chosen.insert(place, (middle, zone.record(self.symbol, self.timeframe, score)))
                if len(chosen) == self.frame.max_zones:
                    break
        return tuple(zone for _, zone in chosen)

    def _confluence(self, zone: LiveZone, atr: float, seniors: Sequence[Zone]) -> float:
        """EMA 200 at the zone 0.2, a round number in it up to 0.2, a zone of a higher timeframe over it 0.5."""
        value, low, high = zone.round_number, zone.low, zone.high
        average, near = self._ema_200.value, self.settings.near_atr * atr
        if average is not None and low - near <= average <= high + near:
            value += 0.2
        for senior in seniors:
            if senior.low <= high and low <= senior.high:
                return value + 0.5
        return value


def _by_price(swing: Swing) -> tuple[float, int]:
    return swing.price, swing.time_ms


def _by_weight(group: list[Swing]) -> tuple[int, float, list[int]]:
    """Most swings first, then the narrowest, then by time: an order that does not depend on which way is up."""
    return -len(group), group[-1].price - group[0].price, sorted(swing.time_ms for swing in group)


def _first(pair: tuple[float, Zone]) -> float:
    return pair[0]
