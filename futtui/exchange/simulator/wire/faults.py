"""The fault engine: decides for each request and each stream message whether a rule strikes.

Chances come from one seeded generator per rule, so a script strikes the same messages in every run.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from futtui.exchange.simulator.wire.fault_rules import FaultRule, FaultScript


@dataclass(slots=True)
class _ArmedRule:
    rule: FaultRule
    start_ms: int
    end_ms: int
    chance: random.Random
    seen: int = 0
    struck: int = 0

    def is_active(self, now_ms: int) -> bool:
        used_up = self.rule.count and self.struck >= self.rule.count
        return not used_up and self.start_ms <= now_ms < self.end_ms

    def strikes(self) -> bool:
        """Count a match; whether the rule acts on it."""
        self.seen += 1
        if self.seen % self.rule.every:
            return False
        if self.rule.probability < 1.0 and self.chance.random() >= self.rule.probability:
            return False
        self.struck += 1
        return True


@dataclass(slots=True)
class FaultEngine:
    """All loaded rules with their counters. `reports` counts strikes per rule for /sim/faults."""

    _armed: list[_ArmedRule] = field(default_factory=list)
    _requests: list[_ArmedRule] = field(default_factory=list)
    _streams: list[_ArmedRule] = field(default_factory=list)
    _timed: list[_ArmedRule] = field(default_factory=list)
    _history: list[_ArmedRule] = field(default_factory=list)

    def load(self, script: FaultScript, now_ms: int) -> None:
        """Add the rules of a script; `after_s` counts from `now_ms`."""
        for index, rule in enumerate(script.rules):
            start_ms = rule.at_ms or now_ms + round(rule.after_s * 1000)
            end_ms = start_ms + round(rule.for_s * 1000) if rule.for_s else 1 << 62
            seed = f"{script.seed}:{len(self._armed)}:{index}"
            armed = _ArmedRule(rule, start_ms, end_ms, random.Random(seed))  # repeatable, not secret
            self._armed.append(armed)
            if rule.on_history:
                self._history.append(armed)
            elif rule.on_clock:
                self._timed.append(armed)
            elif rule.on_requests:
                self._requests.append(armed)
            else:
                self._streams.append(armed)

    def clear(self) -> None:
        """Forget all rules."""
        for rules in (self._armed, self._requests, self._streams, self._timed, self._history):
            rules.clear()

    @property
    def watches_streams(self) -> bool:
        """Whether any rule may touch stream messages; the fast path asks this only."""
        return bool(self._streams)

    def hides(self, symbol: str, open_ms: int, end_ms: int) -> bool:
        """Whether a candle is to be left out, as if nobody had traded."""
        for armed in self._history:
            if armed.start_ms <= open_ms and end_ms <= armed.end_ms and _matches(armed.rule.symbol, symbol):
                armed.seen += 1
                armed.struck += 1
                return True
        return False

    def reports(self) -> list[dict[str, object]]:
        """What each rule has seen and done so far."""
        return [
            {"id": armed.rule.id, "action": armed.rule.action, "seen": armed.seen, "struck": armed.struck}
            for armed in self._armed
        ]

    def on_request(self, method: str, path: str, symbol: str, now_ms: int) -> FaultRule | None:
        """The first rule that strikes this request, or None."""
        for armed in self._requests:
            rule = armed.rule
            if (
                armed.is_active(now_ms)
                and (not rule.method or rule.method.upper() == method)
                and _matches(rule.path, path)
                and _matches(rule.symbol, symbol)
                and armed.strikes()
            ):
                return rule
        return None

    def on_message(self, stream: str, route: str, event: str, symbol: str, now_ms: int) -> tuple[FaultRule, int] | None:
        """The first rule that strikes this message with the virtual time at which its phase ends, or None."""
        for armed in self._streams:
            rule = armed.rule
            if rule.action == "silent_private" and route != "private":
                continue
            if (
                armed.is_active(now_ms)
                and (not rule.route or rule.route == route)
                and _matches(rule.stream, stream)
                and _matches(rule.event, event)
                and _matches(rule.symbol, symbol)
                and armed.strikes()
            ):
                return rule, armed.end_ms
        return None

    def due(self, now_ms: int) -> list[FaultRule]:
        """Timed rules whose moment has come; each is given once, or `count` times, `repeat_s` apart."""
        struck: list[FaultRule] = []
        for armed in self._timed:
            rule = armed.rule
            if armed.struck >= max(1, rule.count) or now_ms < armed.start_ms:
                continue
            armed.start_ms += round(rule.repeat_s * 1000)
            if armed.strikes():
                struck.append(rule)
        return struck


def _matches(pattern: str, value: str) -> bool:
    return not pattern or fnmatchcase(value, pattern)
