"""A zone while it lives: borders that move a little, touches, flips, its state and the score they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf
from sys import maxsize

from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.zone import MOST_POINTS, Zone, ZoneEventKind, ZoneKind, ZoneParts, ZoneState
from futtui.zones.episodes import Bar, News, TouchTracker
from futtui.zones.flips import FlipTracker
from futtui.zones.past import Past
from futtui.zones.replay import replay_flips, replay_touches
from futtui.zones.score import (
    NOISE_FREE_SHARE,
    ScoreParts,
    blend_of,
    freshness_part,
    median,
    noise_part,
    reaction_part,
    restless_part,
    round_number_part,
    touch_part,
)
from futtui.zones.settings import ZoneFrameSettings, ZoneSettings

Band = tuple[float, float]
"""Low, high."""

_TENTH, _HUNDREDTH = 0.049, 0.0049
"""A value this near to a rounded one rounds to it, as most do at most closes; comparing is quicker than rounding."""
_NO_LOSS = 1e-300
"""What is added to a loss that may be 0, to divide by it."""


def overlap_share(first_low: float, first_high: float, second_low: float, second_high: float) -> float:
    """Common part of two bands as a share of the narrower one, 0-1."""
    common = min(first_high, second_high) - max(first_low, second_low)
    narrower = min(first_high - first_low, second_high - second_low)
    return max(0.0, common / narrower) if narrower > 0 else 0.0


_Held = tuple[float, float, float, float, float, float]
"""What only a touch changes: the parts of touches and reactions, their points together, what is mixed into strength
(the share of the score, and points for bounces), and a penalty.
"""


class LiveZone:
    """One zone of one timeframe. Its id stays the same for life, also when borders move or its kind changes."""

    __slots__ = (
        "_fades",
        "_fame",
        "_flip_least",
        "_flip_ms",
        "_frame",
        "_freshness_ms",
        "_held",
        "_is_told",
        "_record",
        "_settings",
        "_shown_bars",
        "_shown_confluence",
        "_shown_flipped",
        "_shown_fresh",
        "_shown_held",
        "_shown_ms",
        "_shown_purity",
        "bars",
        "changes",
        "closes_inside",
        "confluence",
        "created_ms",
        "flipped_ms",
        "flips",
        "has_senior",
        "high",
        "idle_from_ms",
        "kind",
        "low",
        "news",
        "number",
        "renewed_ms",
        "round_number",
        "score",
        "seniors",
        "standing",
        "state",
        "steady_ms",
        "strength",
        "touch",
        "wakes_above",
        "wakes_below",
        "zone_id",
    )

    def __init__(
        self,
        kind: ZoneKind,
        borders: tuple[float, float],
        created_ms: int,
        settings: ZoneSettings,
        frame: ZoneFrameSettings,
    ) -> None:
        self.zone_id = ""
        self.number = 0
        self.kind = kind
        self.low, self.high = borders
        self.created_ms = created_ms
        self.state = ZoneState.CANDIDATE
        self.flipped_ms: int | None = None
        self.renewed_ms = created_ms
        self.changes = 0
        """How often it has changed kind since it was made."""
        self.touch = TouchTracker(settings, frame.reaction_bars)
        self.flips = FlipTracker(settings)
        self.bars = 0
        self.closes_inside = 0
        self.idle_from_ms = created_ms
        self.news: list[News] = []
        """What the last bar did."""
        self.round_number = round_number_part(self.low, self.high)
        self.wakes_below, self.wakes_above = inf, -inf
        """Only bars that reach down to the one or up to the other can change anything but `bars`."""
        self.steady_ms = -1.0
        """The close before which it is worth the same with the same confluence; -1 since it changed."""
        self.score = self.strength = self.confluence = 0.0
        """What it is worth: 0-100, the same mixed with how often it really held, and a part of both."""
        self.seniors: Sequence[Band] | None = None
        """The zones of higher timeframes that were compared last, with these borders, and whether one lies over it."""
        self.has_senior = False
        self.standing = 0.0
        """The confluence of round numbers and senior zones: what it is with no average and no VWAP at the zone."""
        self._settings = settings
        self._frame = frame
        self._freshness_ms = frame.freshness_days * DAY_MS
        self._flip_ms, self._flip_least = frame.flip_days * DAY_MS, settings.flip_score_factor
        self._fades = MOST_POINTS[2] / self._freshness_ms
        """What a fresh zone loses of its score in a millisecond; an older one loses less."""
        self._held: _Held | None = None
        self._fame: float | None = None
        self._shown_fresh = self._shown_purity = 1.0
        self._shown_flipped = False
        self._shown_ms, self._shown_bars = -1.0, 0
        """The close before which these stay as they are (-1 since a touch), and with how many bars at most."""
        self._shown_confluence = 0.0
        self._is_told = False
        """Whether the record says what it is worth."""
        self._shown_held: tuple[_Held | None, float, float] = None, 0.0, 0.0
        self._record: Zone | None = None

    def replay(self, past: Past) -> None:
        """Live through past bars: only what was known when the zone was made; the same as `update` with each bar.

        The kind at the end is the kind it begins with: breaks before its making are no flips of this zone.
        """
        low, high = self.low, self.high
        self.bars += len(past)
        near, inside = replay_touches(self.touch, past, low, high)
        self.closes_inside += inside
        self.kind = replay_flips(self.flips, self.kind, past, near, (low, high))
        if self.touch.last_touch_ms > self.idle_from_ms:
            self.idle_from_ms = self.touch.last_touch_ms
        self._held = self._fame = None
        self.steady_ms = self._shown_ms = -1.0
        self._set_alarm()

    def update(self, bar: Bar, close_ms: int) -> bool:
        """Take a closed bar that may change something (`close_ms`: when it closed); whether anything happened.

        Whoever feeds the zone adds every bar to `bars` and may leave out those that do not wake it.
        """
        _, low, high, close, atr = bar
        touch = self.touch
        if self.low <= close <= self.high:
            self.closes_inside += 1
            self.steady_ms = self._shown_ms = -1.0
        touch.update(bar, self.low, self.high)
        self.news = touch.news
        flips, is_resistance = self.flips, self.kind is ZoneKind.RESISTANCE
        beyond = close > self.high if is_resistance else close < self.low
        if beyond or flips.pending_bars is not None:
            flipped = flips.update(self.kind, (low, high, close), atr, (self.low, self.high))
            side = 1 if is_resistance else -1
            if flips.retested:
                self.news = [*self.news, (ZoneEventKind.RETEST, side, None)]
            if flipped:
                self.news = [*self.news, (ZoneEventKind.FLIP, side, None)]
                self.kind = self.kind.opposite
                self.flipped_ms = close_ms
                self.changes += 1
        if touch.last_touch_ms > self.idle_from_ms:
            self.idle_from_ms = touch.last_touch_ms
        if touch.has_counted:
            self._held = self._fame = None
        if self.news or touch.has_counted:
            self.steady_ms = self._shown_ms = -1.0
        if touch.episode is None and flips.pending_bars is None:
            self._set_alarm()
        else:
            self.wakes_below, self.wakes_above = inf, -inf
        return bool(self.news)

    def _set_alarm(self) -> None:
        """Sleep until price comes back, unless a visit or a break is under way or the side is unknown."""
        side = self.touch.side
        if side == 0 or self.touch.episode is not None or self.flips.pending_bars is not None:
            self.wakes_below, self.wakes_above = inf, -inf
        elif side > 0:
            self.wakes_below, self.wakes_above = self.high, inf
        else:
            self.wakes_below, self.wakes_above = -inf, self.low

    def move_borders(self, low: float, high: float) -> None:
        """Move part of the way to newly measured borders."""
        weight = self._settings.border_weight
        self.low += weight * (low - self.low)
        self.high += weight * (high - self.high)
        self.round_number = round_number_part(self.low, self.high)
        self.steady_ms = self._shown_ms = -1.0
        self.seniors = None
        self._set_alarm()

    @property
    def purity(self) -> float:
        """Share of closes outside the zone since its first swing, 0-1."""
        return 1.0 - self.closes_inside / self.bars if self.bars else 1.0

    @property
    def last_touch_ms(self) -> int:
        """Open time of the bar of the last touch; before any touch, when the zone was made."""
        return self.touch.last_touch_ms or self.created_ms

    def parts(self, now_ms: int, confluence: float) -> ScoreParts:
        """The parts of the score at `now_ms`, to be shown."""
        touches, reactions, *_ = self._held or self._what_held()
        fresh = freshness_part(now_ms - self.last_touch_ms, self._frame.freshness_days)
        return ScoreParts(touches, reactions, fresh, min(1.0, confluence), self._noise())

    def appraise(self, now_ms: int, confluence: float) -> float:
        """Score 0-100 at `now_ms` to one decimal; a zone that changed kind keeps a part of it, more with every day.

        Noted with the strength: the score mixed with how often the zone really held. Until `steady_ms` they stay so.
        """
        _, _, points, score_share, bounce_points, restless = self._held or self._what_held()
        # The sums of `ScoreParts.total`, with what seldom changes already done: asked for at every close of every zone.
        age_ms = now_ms - (self.touch.last_touch_ms or self.created_ms)
        fresh = exp(-age_ms / self._freshness_ms) if age_ms > 0 else 1.0
        good = points + 16.0 * fresh + 24.0 * (confluence if confluence < 1.0 else 1.0)
        bars = self.bars
        share = self.closes_inside / bars if bars else 0.0
        noise = share + restless if share > NOISE_FREE_SHARE else restless
        total = 100.0 * good / 94.0 - 14.0 * (noise if noise < 1.0 else 1.0)
        total = 0.0 if total < 0.0 else 100.0 if total > 100.0 else total
        is_moving = share > NOISE_FREE_SHARE
        if self.flipped_ms is not None:
            # From `flip_score_factor` at the change back to 1 when it no longer counts.
            age, least = (now_ms - self.flipped_ms) / self._flip_ms, self._flip_least
            total *= least + (1.0 - least) * (age if age < 1.0 else 1.0)
            is_moving = is_moving or age < 1.0
        score = self.score
        if not -_TENTH < total - score < _TENTH:
            score = self.score = round(total, 1)
            self._is_told = False
        strength = score_share * score + bounce_points
        if not -_TENTH < strength - self.strength < _TENTH:
            self.strength = round(strength, 1)
            self._is_told = False
        if confluence != self.confluence:
            self.confluence, self._shown_confluence = confluence, min(1.0, round(confluence, 2))
            self._is_told = False
        if is_moving:
            self.steady_ms = now_ms + 1.0
        else:
            # It only loses freshness, ever more slowly: at the pace of now it needs no longer to the next tenth.
            lasts_ms = (total - score + _TENTH) / (self._fades * fresh + _NO_LOSS)
            self.steady_ms = now_ms + (lasts_ms if lasts_ms > 1.0 else 1.0)
        return score

    @property
    def fame(self) -> float:
        """0.35 touches / 5 + 0.30 median bounce / 2 ATR, each held at 1: what makes it stand out beside its worth."""
        if self._fame is None:
            reactions = self.touch.reactions
            touches, reaction = self.touch.touches / 5.0, median(reactions) / 2.0 if reactions else 0.0
            self._fame = 0.35 * (touches if touches < 1.0 else 1.0) + 0.30 * (reaction if reaction < 1.0 else 1.0)
        return self._fame

    def is_flipped(self, now_ms: int) -> bool:
        """Whether the zone changed kind not long ago."""
        return self.flipped_ms is not None and now_ms - self.flipped_ms < self._flip_ms

    def _look(self, now_ms: int) -> bool:
        """Whether freshness, purity or `flipped` are shown otherwise from now on, or anything after a touch; noted
        with until when they stay so without one.
        """
        age_ms = now_ms - (self.touch.last_touch_ms or self.created_ms)
        exact = exp(-age_ms / self._freshness_ms) if age_ms > 0 else 1.0
        inside, bars = self.closes_inside, self.bars
        pure = 1.0 - inside / bars if bars else 1.0
        is_new = self._shown_ms < 0.0
        if not -_HUNDREDTH < exact - self._shown_fresh < _HUNDREDTH:
            self._shown_fresh, is_new = round(exact, 2), True
        if not -_HUNDREDTH < pure - self._shown_purity < _HUNDREDTH:
            self._shown_purity, is_new = round(pure, 2), True
        until_ms = now_ms + (exact - self._shown_fresh + _HUNDREDTH) * self._freshness_ms / (exact + _NO_LOSS)
        if self.flipped_ms is not None:
            flipped = self.is_flipped(now_ms)
            if flipped:
                until_ms = min(until_ms, self.flipped_ms + self._flip_ms)
            if flipped is not self._shown_flipped:
                self._shown_flipped, is_new = flipped, True
        # With every bar outside the share of closes inside falls.
        least = 1.0 - self._shown_purity - _HUNDREDTH
        self._shown_ms, self._shown_bars = until_ms, int(inside / least) if inside and least > 0.0 else maxsize
        return is_new

    def _what_held(self) -> _Held:
        touch = self.touch
        bounces = touch.bounces
        touches, reactions = touch_part(bounces), reaction_part(touch.reactions, bounces, touch.touches)
        score_share, bounce_points = blend_of(bounces, touch.breaks)
        restless = restless_part(touch.touches, bounces)
        held = touches, reactions, 22.0 * touches + 32.0 * reactions, score_share, bounce_points, restless
        self._held = held
        return held

    def _noise(self) -> float:
        return noise_part(self.closes_inside, self.bars, self.touch.touches, self.touch.bounces)

    def record(self, symbol: str, timeframe: Timeframe, now_ms: int) -> Zone:
        """The zone as an immutable record; the same object while nothing in it changes.

        It must have been appraised at the same close, or be worth the same still.
        """
        if (now_ms >= self._shown_ms or self.bars > self._shown_bars) and self._look(now_ms):
            self._is_told = False
        record, state = self._record, self.state
        if record is not None and self._is_told and state is record.state:
            return record
        self._is_told = True
        touch = self.touch
        held = self._held or self._what_held()
        if self._shown_held[0] is not held:
            self._shown_held = held, round(held[0], 2), round(held[1], 2)
        _, touches, reactions = self._shown_held
        share = self.closes_inside / self.bars if self.bars else 0.0
        noise = round(self._noise(), 2) if share > NOISE_FREE_SHARE else held[5]
        parts = (touches, reactions, self._shown_fresh, self._shown_confluence, noise)
        self._record = record = Zone(
            self.zone_id,
            symbol,
            timeframe,
            self.kind,
            self.low,
            self.high,
            self.score,
            touch.touches,
            touch.bounces,
            self.created_ms,
            touch.last_touch_ms or self.created_ms,
            self._shown_flipped,
            self.flipped_ms,
            state,
            self.strength,
            self._shown_purity,
            # Twice as quick as to ask the class.
            tuple.__new__(ZoneParts, parts),
        )
        return record
