"""Zones of one symbol on one timeframe, kept from bar to bar.

A new cluster of confirmed swings that passes stage one is recognised as a zone that exists, or becomes one if it passes
stage two. Between new swings only what happens at the zones is followed, so a close costs little.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.zone import Zone, ZoneEvent, ZoneEventKind, ZoneKind, ZoneState
from futtui.zones.confluence import Confluence, Moment
from futtui.zones.density import Density
from futtui.zones.events import Note, events_of, note_of
from futtui.zones.known_swings import KnownSwings
from futtui.zones.lifecycle import Standing, next_state
from futtui.zones.live_zone import Band, LiveZone, overlap_share
from futtui.zones.measures import FrameMeasures
from futtui.zones.places import home_of, same_place
from futtui.zones.purity import is_fresh_enough, is_validated, purified
from futtui.zones.reversals import SwingFinder
from futtui.zones.score import WEAK_BELOW
from futtui.zones.selector import Room, Row, chosen, ranked
from futtui.zones.settings import ZoneSettings
from futtui.zones.stage_one import LEAST_TO_JUDGE, Guard, dense_parts, refined, stands_out
from futtui.zones.swings import Swing
from futtui.zones.weights import swing_weights

KEPT_PER_SHOWN = 2
"""Zones remembered for each one that may be shown."""
LOOK_EVERY_BARS = 32
"""An active or key zone at which nothing happens is judged again after so many bars; a candidate has to earn it."""
CHAIN_WIDTHS = 1.0
"""How far from a new swing others may belong to its cluster, in widest clusters."""
LET_GO_EVERY_BARS = 4
"""How often zones are checked for being old."""
KEPT_NOTES = 500
_CHANGING = (ZoneEventKind.BOUNCE, ZoneEventKind.BREAK, ZoneEventKind.FLIP)
_RISEN = (ZoneState.ACTIVE, ZoneState.KEY)
_QUOTES = ("USDT", "USDC", "BUSD", "USD")


class ZoneBuilder:
    """Zones of one timeframe. Feed closed candles of that timeframe only, in order."""

    def __init__(self, symbol: str, timeframe: Timeframe, settings: ZoneSettings | None = None) -> None:
        self.symbol = symbol
        base = next((symbol[: -len(quote)] for quote in _QUOTES if symbol.endswith(quote)), symbol)
        self._name = f"{base or symbol}-{timeframe.code}-"
        self.timeframe = timeframe
        self.settings = settings or ZoneSettings()
        self.frame = self.settings.frame(timeframe)
        self._zones: tuple[Zone, ...] = ()
        self._unpublished = False
        self._finder = SwingFinder(self.frame.fractal_bars, self.settings.reversal_atr)
        self._known = KnownSwings()
        self._measures = FrameMeasures(timeframe, self.settings)
        self._bars = self._measures.bars
        self._live: list[LiveZone] = []
        self._gone: list[tuple[float, float, int]] = []
        self._solid: tuple[Band, ...] | None = ()
        self._row: Row | None = None
        """The zones by place, until one moves, comes or goes."""
        self._notes: deque[Note] = deque(maxlen=KEPT_NOTES)
        self._confluence = Confluence(self.settings.near_atr)
        self._moment = Moment(0, 0.0, (), ())
        self._density: Density | None = None
        self._made = 0
        self._started = False
        self._seen = 0

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The zones to show at the last close, lowest first; scored and chosen when asked for, once a close."""
        if self._unpublished:
            self._unpublished = False
            self._zones = self._selected()
        return self._zones

    @property
    def solid_bands(self) -> tuple[Band, ...]:
        """Borders of the active and key zones at the last close: what lower timeframes count as confluence."""
        if self._solid is None:
            self._solid = tuple((zone.low, zone.high) for zone in self._live if zone.state in _RISEN)
        return self._solid

    def take_events(self) -> list[ZoneEvent]:
        """What happened at the zones since the last call, oldest first; those of the newest 500 notes."""
        events = [event for note in self._notes for event in events_of(note, self.symbol, self.timeframe)]
        self._notes.clear()
        return events

    def forget_events(self) -> None:
        """Forget what happened since the last call of `take_events`."""
        self._notes.clear()

    def on_candle(
        self, candle: Candle, atr: float | None, seniors: Sequence[Band] = (), vwaps: Sequence[float] = ()
    ) -> None:
        """Take the next closed candle with the ATR at its close (None or 0: not available, nothing is built).

        For confluence: `seniors` are the solid bands of higher timeframes, `vwaps` the VWAPs, both as of this close.
        Raises InvalidInputError for an old candle.
        """
        if self._bars and candle.open_time_ms <= self._bars[-1][0]:
            raise InvalidInputError(
                f"{self.symbol} {self.timeframe.code}: the candle at {candle.open_time_ms} is not newer than the last "
                "one. Feed each closed candle once, in order of time."
            )
        self._seen += 1
        self._confluence.update(candle.close)
        found = self._finder.update(candle, atr)
        self._measures.add((candle.open_time_ms, candle.low, candle.high, candle.close, atr or 0.0))
        self._known.add(found)
        self._known.forget_before(self._bars[0][0])
        if not atr:
            return
        self._moment = Moment(self.timeframe.end_ms(candle.open_time_ms), atr, seniors, vwaps)
        self._confluence.see(self._moment)
        self._density = None
        self._live_on()
        if not self._started and self._seen >= self.settings.minimum_bars:
            self._started = True
            self._build()
        elif self._started and found:
            self._recluster(found)
        self._let_go()
        self._unpublished = True
        self._solid = None

    def _live_on(self) -> None:
        """Let the zones live through the newest bar; those at which something happened are judged anew."""
        bar = self._bars[-1]
        _, low, high, _, _ = bar
        now_ms, look_every = self._moment.now_ms, LOOK_EVERY_BARS
        worn_out = []
        for zone in self._live:
            bars = zone.bars = zone.bars + 1
            woken = low <= zone.wakes_below or high >= zone.wakes_above
            if woken and zone.update(bar, now_ms):
                self._notes.append(note_of(zone, bar))
                if zone.changes >= self.settings.flips_worn_out:
                    worn_out.append(zone)
                elif zone.state is ZoneState.STALE or zone.news[-1][0] in _CHANGING:
                    self._judge(zone)
            elif not bars % look_every and zone.state in _RISEN:
                self._judge(zone)
        if worn_out:
            self._forget(worn_out)

    def _judge(self, zone: LiveZone) -> None:
        """Move the zone to the state that it deserves now."""
        self._confluence.appraise((zone,))
        idle_bars = (self._moment.now_ms - zone.idle_from_ms) / self.timeframe.ms
        is_stale = idle_bars > self.frame.stale_bars
        standing = Standing(zone.score, zone.touch.bounces, zone.purity, is_stale, zone.has_senior)
        zone.state = next_state(zone.state, standing, self.settings)

    def _recluster(self, news: Sequence[Swing]) -> None:
        """Swings in a known zone move its borders; clusters that hold one of the others become new or known zones."""
        guard = self._measures.guard()
        joined: dict[str, tuple[LiveZone, list[float]]] = {}
        fresh: tuple[list[Swing], list[Swing]] = [], []
        for swing in news:
            home = home_of(swing.price, self._live)
            if home is not None:
                joined.setdefault(home.zone_id, (home, []))[1].append(swing.price)
            elif not (self._gone and self._is_cooling(swing.price, swing.price)):
                fresh[swing.is_high].append(swing)
        for zone, prices in joined.values():
            self._follow_swings(zone, sum(prices) / len(prices), guard)
        taken = set(joined)
        for group in self._groups(fresh[True], fresh[False], guard):
            self._place(group, guard, taken)

    def _build(self) -> None:
        """Make zones where there are none: what is asked of a cluster can be asked of all clusters before the first."""
        measures, known, now_ms, guard = self._measures, self._known, self._moment.now_ms, self._measures.guard()
        groups = [group for group in self._groups(known.highs, known.lows, guard) if self._stands_out(group, guard)]
        bands = [measures.borders(group, now_ms) for group in groups]
        for group, (low, high) in zip(groups, bands, strict=True):
            # All zones that are there now were made just now: none is an old one seen again.
            if same_place((low, high), self._live, self.settings.match_overlap) is None:
                self._settle(group, (low, high), guard)

    def _follow_swings(self, zone: LiveZone, middle: float, guard: Guard) -> None:
        """Move the borders towards where the highs and lows around the newest swing of the zone lie.

        Around the swing, not around the zone: else a zone would only ever see what confirms it.
        """
        members = self._known.between(middle - guard.widest / 2.0, middle + guard.widest / 2.0)
        if len(members) >= guard.least:
            self._row = None
            zone.move_borders(*self._measures.borders(members, self._moment.now_ms))

    def _groups(self, highs: Sequence[Swing], lows: Sequence[Swing], guard: Guard) -> list[list[Swing]]:
        """The refined clusters that hold one of these fresh swings, those with most swings first."""
        groups = self._groups_of(highs, guard) if highs else []
        if lows:
            groups += self._groups_of(lows, guard)
        return _by_weight(groups) if len(groups) > 1 else groups

    def _groups_of(self, fresh: Sequence[Swing], guard: Guard) -> list[list[Swing]]:
        """Refined clusters with a fresh swing of one side. Only chains of close swings that hold one are looked at."""
        least = self.settings.cluster_min_swings
        eps, reach = self.settings.cluster_eps_atr * self._moment.atr, CHAIN_WIDTHS * guard.widest
        if self._known.are_all(fresh):
            # A first build: every swing is wanted, and each part of the whole side holds one.
            times, chains = None, self._known.runs(fresh[0].is_high, min(eps, 2.0 * reach))
        else:
            times, chains = {swing.time_ms for swing in fresh}, self._known.chains(fresh, eps, reach)
        found = []
        for chain in chains:
            if len(chain) < least:
                continue
            # With two swings to a cluster, DBSCAN finds in a chain the chain itself.
            for cluster in [chain] if least == 2 else dense_parts(chain, eps, least):
                found += refined(cluster, guard, times)
        return found

    def _place(self, members: list[Swing], guard: Guard, taken: set[str]) -> None:
        """A cluster becomes the zone that is there already, or a new one if it passes every gate."""
        low, high = self._measures.borders(members, self._moment.now_ms)
        best = same_place((low, high), self._live, self.settings.match_overlap)
        if best is not None:
            if best.zone_id not in taken:
                self._row = None
                best.move_borders(low, high)
                taken.add(best.zone_id)
            return
        if (self._gone and self._is_cooling(low, high)) or not self._stands_out(members, guard):
            return
        taken.update(zone.zone_id for zone in self._settle(members, (low, high), guard))

    def _settle(self, members: list[Swing], borders: Band, guard: Guard) -> list[LiveZone]:
        """The zones that stage two makes of a cluster, from now on alive."""
        kind = ZoneKind.RESISTANCE if members[0].is_high else ZoneKind.SUPPORT
        made = self._gated(members, borders, guard, kind)
        for zone in made:
            zone.zone_id = self._next_id(zone, members)
            self._made += 1
            zone.number = self._made
            self._live.append(zone)
            self._row = None
            self._judge(zone)
        return made

    def _gated(self, members: list[Swing], borders: Band, guard: Guard, kind: ZoneKind) -> list[LiveZone]:
        """What stage two makes of new borders: usually one zone, or nothing."""
        now_ms, bar_ms, settings, frame = self._moment.now_ms, self.timeframe.ms, self.settings, self.frame
        first_ms, last_ms = members[0].time_ms, 0
        for swing in members:
            if swing.time_ms < first_ms:
                first_ms = swing.time_ms
            if swing.confirmed_ms > last_ms:
                last_ms = swing.confirmed_ms
        made_ms = self.timeframe.end_ms(last_ms)
        past = self._measures.past().since(first_ms - bar_ms)

        def lived(low: float, high: float) -> LiveZone:
            zone = LiveZone(kind, self._measures.wide_enough(low, high), made_ms, settings, frame)
            zone.replay(past)
            return zone

        passed = []
        for zone in purified(lived(*borders), kind, past, lived, guard, self.settings.purity_min):
            idle_bars = (now_ms - zone.touch.last_touch_ms) / bar_ms
            if is_validated(zone) and is_fresh_enough(idle_bars, self.frame.stale_bars, partial(self._score, zone)):
                passed.append(zone)
        return passed

    def _score(self, zone: LiveZone) -> float:
        """The zone's score at this close."""
        self._confluence.appraise((zone,))
        return zone.score

    def _renew(self, old: LiveZone, guard: Guard) -> None:
        """Live an old zone anew from the bars of the lookback: what is older counts no longer, whoever still saw it.

        It keeps its id and kind. A zone around which too few swings are left, or that would not be made today, goes.
        """
        middle, half = (old.low + old.high) / 2.0, guard.widest / 2.0
        members = self._known.between(middle - half, middle + half)
        made = (
            self._gated(members, self._measures.borders(members, self._moment.now_ms), guard, old.kind)
            if len(members) >= guard.least
            else []
        )
        shares = [overlap_share(each.low, each.high, old.low, old.high) for each in made]
        if max(shares, default=0.0) < self.settings.match_overlap:
            self._forget([old])
            return
        zone = made[shares.index(max(shares))]
        zone.kind, zone.zone_id, zone.number = old.kind, old.zone_id, old.number
        zone.created_ms, zone.renewed_ms = old.created_ms, self._moment.now_ms
        zone.flipped_ms, zone.state = old.flipped_ms, old.state
        zone.steady_ms = -1.0
        self._live[self._live.index(old)] = zone
        self._row = None
        self._judge(zone)

    def _stands_out(self, members: list[Swing], guard: Guard) -> bool:
        if len(members) < LEAST_TO_JUDGE:
            return True
        if self._density is None:
            swings, prices = self._known.all()
            weights = swing_weights(swings, self._moment.now_ms, self._measures.half_life_ms)
            self._density = Density(prices, weights, guard.bandwidth)
        return stands_out(members, self._density, guard.bandwidth, self.settings.prominence_min)

    def _is_cooling(self, low: float, high: float) -> bool:
        """Whether a zone has gone from this place, the same middle, not long ago."""
        self._gone = [place for place in self._gone if place[2] > self._seen]
        middle = (low + high) / 2.0
        return any(place[0] <= middle <= place[1] for place in self._gone)

    def _next_id(self, zone: LiveZone, members: list[Swing]) -> str:
        """Symbol, timeframe, kind and the bar of the newest swing: the same whenever the history began."""
        bar = max([swing.time_ms for swing in members]) // self.timeframe.ms
        name = f"{self._name}{'R' if zone.kind is ZoneKind.RESISTANCE else 'S'}-{bar}"
        alike = [other.zone_id for other in self._live if other.zone_id.startswith(name)]
        if not alike:
            return name
        taken = sum(other == name or other.startswith(f"{name}.") for other in alike)
        return f"{name}.{taken + 1}" if taken else name

    def _let_go(self) -> None:
        """Forget expired zones, weak ones that were left alone, and the worst of too many. Scores only where needed."""
        frame, bar_ms, now_ms = self.frame, self.timeframe.ms, self._moment.now_ms
        stale_ms, prune_ms = frame.stale_bars * bar_ms, frame.prune_days * DAY_MS
        expiry_ms = frame.expiry_days * DAY_MS
        limit = int(KEPT_PER_SHOWN * frame.max_zones)
        # By the clock, not by counting from the start of the history: that must not matter.
        if (now_ms // bar_ms) % LET_GO_EVERY_BARS and len(self._live) <= limit:
            return
        soonest_ms = min(stale_ms, prune_ms, expiry_ms)
        renew_ms = frame.lookback_bars * bar_ms
        gone, old = [], []
        for zone in self._live:
            idle_ms = now_ms - zone.idle_from_ms
            if idle_ms <= soonest_ms:
                if now_ms - zone.renewed_ms >= renew_ms:
                    old.append(zone)
                continue
            if idle_ms > expiry_ms:
                gone.append(zone)
            elif idle_ms > prune_ms or zone.state is not ZoneState.STALE:
                if self._score(zone) < WEAK_BELOW:
                    gone.append(zone)
                elif idle_ms > stale_ms:
                    zone.state = ZoneState.STALE
        if len(self._live) - len(gone) > limit:
            left = [zone for zone in self._live if zone not in gone]
            self._confluence.appraise(left)
            gone += ranked(left)[limit:]
        self._forget(gone)
        for zone in old:
            if zone.state is not ZoneState.EXPIRED:
                self._renew(zone, self._measures.guard())

    def _forget(self, gone: Sequence[LiveZone]) -> None:
        """Let zones expire; for a while nothing new is made in their places."""
        for zone in gone:
            self._row = None
            zone.state = ZoneState.EXPIRED
            self._live.remove(zone)
            self._gone.append((zone.low, zone.high, self._seen + self.frame.cooldown_bars))

    def _selected(self) -> tuple[Zone, ...]:
        """The zones that there is room for, lowest first."""
        room = Room(
            self.frame.max_zones,
            self.settings.bucket_zones,
            self._moment.atr,
            self.frame.spacing_atr * self._moment.atr,
        )
        if self._row is None:
            self._row = Row(self._live, self.settings.bucket_zones)
        self._confluence.appraise(self._live)
        symbol, timeframe, now_ms = self.symbol, self.timeframe, self._moment.now_ms
        return tuple([zone.record(symbol, timeframe, now_ms) for zone in chosen(self._row, room)])


def _by_weight(groups: list[list[Swing]]) -> list[list[Swing]]:
    """Most swings first, then the narrowest, then by time: an order that does not depend on which way is up."""
    weights = [(-len(group), group[-1].price - group[0].price) for group in groups]
    if len(set(weights)) < len(weights):
        groups = sorted(groups, key=lambda group: sorted([swing.time_ms for swing in group]))
        weights = [(-len(group), group[-1].price - group[0].price) for group in groups]
    places = sorted(range(len(groups)), key=weights.__getitem__)
    return [groups[place] for place in places]
