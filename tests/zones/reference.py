"""Touch episodes and the choice of zones told in the plainest way: a truth for the quick code."""

from __future__ import annotations

from futtui.zones.live_zone import LiveZone
from futtui.zones.selector import Room, prominence, ranked
from futtui.zones.settings import ZoneSettings


class PlainEpisodes:
    """Counts the touches of a band that stands still; `open` holds the visit under way."""

    def __init__(self, low: float, high: float, window: int, settings: ZoneSettings) -> None:
        self.low, self.high, self.window, self.settings = low, high, window, settings
        self.side = 0
        self.touches = self.bounces = self.breaks = self.last_touch_ms = 0
        self.reactions: list[float] = []
        self.open: dict | None = None

    def take(self, bar: tuple[int, float, float, float, float]) -> None:
        _, low, high, close, _ = bar
        reached = (self.side > 0 and low <= self.high) or (self.side < 0 and high >= self.low)
        if self.open is not None and self.open["left"] and reached:
            self.open = None
        if self.open is None and reached:
            self._begin(bar)
        if self.open is None:
            self._see_side(close)
        else:
            self._go_on(low, high, close)

    def _begin(self, bar) -> None:
        near, far = (self.high, self.low) if self.side > 0 else (self.low, self.high)
        self.open = {"side": self.side, "start": bar[0], "atr": bar[4], "near": near, "far": far}
        self.open |= {"bars": 0, "size": 0.0, "outcome": "", "left": False}
        self.touches += 1
        self.last_touch_ms = bar[0]

    def _go_on(self, low: float, high: float, close: float) -> None:
        visit, side = self.open, self.open["side"]
        extreme = close if visit["bars"] == 0 else high if side > 0 else low
        visit["bars"] += 1
        if side * (visit["far"] - close) / visit["atr"] > self.settings.break_atr:
            if not visit["outcome"]:
                self.breaks += 1
            self.open = None
            self._see_side(close)
            return
        size = side * (extreme - visit["near"]) / visit["atr"]
        in_time = visit["bars"] <= self.window and visit["outcome"] in ("", "BOUNCE")
        if size > visit["size"] and in_time:
            visit["size"] = size
            if size >= self.settings.bounce_atr and not visit["outcome"]:
                visit["outcome"] = "BOUNCE"
                self.bounces += 1
                self.reactions.append(size)
            if visit["outcome"]:
                self.reactions[-1] = size
        visit["left"] |= side * (close - visit["near"]) / visit["atr"] >= self.settings.leave_atr
        if visit["bars"] > self.window:
            visit["outcome"] = visit["outcome"] or "NONE"
        if visit["left"]:
            self._see_side(close)
            if visit["bars"] > self.window:
                self.open = None

    def _see_side(self, close: float) -> None:
        self.side = 1 if close > self.high else -1 if close < self.low else self.side

    def told(self) -> tuple:
        visit = self.open
        return (
            (self.side, self.touches, self.bounces, self.breaks, self.last_touch_ms),
            self.reactions[-40:],
            None if visit is None else tuple(visit.values()),
        )


def plainly_chosen(zones: list[LiveZone], room: Room) -> list[LiveZone]:
    """All zones from the best to the worst, each measured against all that were taken before it; lowest first."""
    kept: list[LiveZone] = []
    for zone in ranked(zones):
        spots = sorted([*((each.low + each.high) / 2.0 for each in kept), middle := (zone.low + zone.high) / 2.0])
        near = [spot for spot in spots if abs(spot - middle) < room.spacing]
        rows = zip(spots, spots[room.bucket_zones :], strict=False)
        if len(near) <= (1 if room.spacing else 0) and not any(high - low < room.bucket for low, high in rows):
            kept.append(zone)
    if len(kept) > room.zones:
        kept = sorted(kept, key=lambda zone: (-prominence(zone), zone.number))[: room.zones]
    return sorted(kept, key=lambda zone: zone.low + zone.high)
