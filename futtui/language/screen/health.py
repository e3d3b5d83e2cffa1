"""Streams, request lanes, loading, old data, speed figures."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "loading.starting": "Starting",
    "loading.progress": "{ready} of {total} symbols ready, {percent}%",
    "loading.source": "Market: {source}",
    "loading.failed": "Press q to quit. The log file tells more.",
    "stale.feed": "! No data from the exchange for {age}. Trying again (attempt {attempt}).",
    "stale.engine": "! The engine has not answered for {age}. Open positions keep their stops.",
    "stale.failed": "Press q to quit.",
    "stale.note": "Prices below are old and shown in grey. New trades are paused until data is fresh again.",
    "overlay.tick": "screen tick p50 / p99",
    "overlay.lag": "screen loop lag p99",
    "overlay.engine": "engine lag / p99",
    "overlay.snapshots": "snapshots a s / lines",
    "overlay.symbols": "symbols ready / all",
    "overlay.gaps": "reconn. / filled / gaps",
    "overlay.stream": "{name}",
    "overlay.weight": "weight used / cap / limit",
    "overlay.waiting": "requests waiting, gate",
    "overlay.clock": "PC clock, exchange is",
    "overlay.clock_none": "the exchange's own time",
    "overlay.clock_text": "{offset} ms, within {within}",
    "overlay.database": "database queue/lag/lost",
    "overlay.queue": "{name}",
    "overlay.memory": "memory",
    "overlay.well": "All is well.",
    "stream.CONNECTING": "connecting",
    "stream.SUBSCRIBED": "subscribed",
    "stream.LIVE": "live",
    "stream.LATE": "late",
    "stream.STALE": "old",
    "stream.RESYNC": "catching up",
    "stream.RECONNECTING": "connecting again",
    "stream.DEAD": "dead",
    "stream.CLOSED": "closed",
    "gate.open": "open",
    "gate.ramp": "slowly after a ban",
    "gate.slowed": "half speed",
    "gate.paused": "paused",
    "gate.banned": "banned",
    "lane.PROTECT": "waiting to protect",
    "lane.CLOSED_CANDLES": "waiting for candles",
    "lane.CATCH_UP": "waiting to catch up",
    "lane.HISTORY": "waiting for history",
    "lane.STATISTICS": "waiting for statistics",
}

UKRAINIAN: dict[str, str] = {}

RUSSIAN: dict[str, str] = {}
