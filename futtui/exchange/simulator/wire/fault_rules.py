"""Fault rules: what can go wrong on purpose, as records, and the YAML that describes them.

A script is a list of rules (or a mapping with `rules:`). Every unknown or doubled key is refused with its line and
a suggestion: a fault test that silently does nothing is worse than none.
"""

from __future__ import annotations

import difflib
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from futtui.domain.errors import ConfigurationError

REQUEST_ACTIONS = frozenset({"drop", "delay", "stall", "reject", "respond", "accept_then_timeout", "disconnect"})
STREAM_ACTIONS = frozenset(
    {"drop", "delay", "duplicate", "reorder", "stall", "freeze_stream", "silent_private", "disconnect", "alter"}
)
TIMED_ACTIONS = frozenset({"disconnect", "shift_clock", "expire_listen_key", "change_symbol"})
HISTORY_ACTIONS = frozenset({"omit"})
ACTIONS = tuple(sorted(REQUEST_ACTIONS | STREAM_ACTIONS | TIMED_ACTIONS | HISTORY_ACTIONS))
ANSWER_KINDS = ("A", "B", "C", "D")
_MATCHES_REQUEST = ("path", "method")
_MATCHES_STREAM = ("stream", "route", "event")


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One rule. Empty matchers match everything; `path`, `stream`, `event`, `symbol` take * and ?.

    `event` is the event's `e`, with `klineClosed` for the final message of a bar.

    When: from `at_ms` (virtual epoch ms) or `after_s` (virtual seconds after the script was loaded) on, for `for_s`
    (0 = for ever), every `every`-th match, at most `count` times (0 = no limit), each with `probability`. Rules that
    fire by time alone do so once, or `count` times, `repeat_s` apart.
    What: `delay_ms` is real time for requests, virtual time for streams. `status` and `kind` shape `respond`
    (503 kinds A-D), `code` and `message` shape `reject`. `alter` lets a kline close where it opened. `omit` leaves
    candles of `symbol` that lie inside the rule's time out of every answer and stream, as if nobody had traded.
    `change_symbol` lists `symbol` from then on with another `state` (as SETTLING; TRADING opens it again), another
    `tick` or `step`, with an end `ends_s` virtual seconds later, with funding every `funding_hours`, or with other
    leverage `tiers` as "20:5000 5:100000": highest leverage and the position value up to which it holds.
    `older_than_s`: a timed `disconnect` cuts only connections that have been open for so many virtual seconds.
    """

    action: str
    id: str = ""
    at_ms: int = 0
    after_s: float = 0.0
    for_s: float = 0.0
    repeat_s: float = 0.0
    every: int = 1
    count: int = 0
    probability: float = 1.0
    method: str = ""
    path: str = ""
    symbol: str = ""
    stream: str = ""
    route: str = ""
    event: str = ""
    delay_ms: int = 0
    code: int = -1000
    message: str = ""
    status: int = 0
    kind: str = "A"
    ban_s: float = 120.0
    shift_ms: int = 0
    hold_s: float = 60.0
    older_than_s: float = 0.0
    state: str = ""
    tick: str = ""
    step: str = ""
    ends_s: float = 0.0
    tiers: str = ""
    funding_hours: int = 0

    @property
    def tier_rows(self) -> tuple[tuple[int, Decimal], ...]:
        """Leverage and value of each step; raises ValueError or ArithmeticError when `tiers` is no such text."""
        pairs = [word.split(":") for word in self.tiers.split()]
        return tuple((int(leverage), Decimal(value)) for leverage, value in pairs)

    @property
    def on_requests(self) -> bool:
        """Whether the rule watches REST requests."""
        if self.action not in REQUEST_ACTIONS:
            return False
        if self.action not in STREAM_ACTIONS:
            return True
        return any(getattr(self, name) for name in _MATCHES_REQUEST)

    @property
    def on_streams(self) -> bool:
        """Whether the rule watches stream messages."""
        return self.action in STREAM_ACTIONS and not self.on_requests and not self.on_clock

    @property
    def on_history(self) -> bool:
        """Whether the rule takes candles away."""
        return self.action in HISTORY_ACTIONS

    @property
    def on_clock(self) -> bool:
        """Whether the rule fires by time alone."""
        if self.action == "disconnect":
            return not any(getattr(self, name) for name in (*_MATCHES_REQUEST, "stream", "event"))
        return self.action in TIMED_ACTIONS


@dataclass(frozen=True, slots=True)
class FaultScript:
    """Rules in the order in which they are tried, and the seed of their chances."""

    rules: tuple[FaultRule, ...] = ()
    seed: int = 7
    name: str = ""


_KNOWN_KEYS = {field.name: field for field in fields(FaultRule)}
_TOP_KEYS = ("name", "seed", "rules", "description")


def load_fault_script(path: str | Path) -> FaultScript:
    """The script in a file; raises ConfigurationError that names file and line of every mistake."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"Cannot read the fault script {file}: {error}. Check the path.") from None
    return parse_fault_script(text, str(file))


def parse_fault_script(text: str, origin: str = "fault script") -> FaultScript:
    """The script in a YAML text; raises ConfigurationError with line, reason and suggestion."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{origin} is no valid YAML: {error}. Correct the text.") from None
    if root is None:
        return FaultScript()
    reader = _Reader(origin)
    script = reader.script(root)
    if reader.problems:
        raise ConfigurationError("\n".join(reader.problems))
    return script


class _Reader:
    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[str] = []

    def script(self, root: yaml.Node) -> FaultScript:
        if isinstance(root, yaml.SequenceNode):
            return FaultScript(rules=self._rules(root))
        if not isinstance(root, yaml.MappingNode):
            self._say(root, "expected a list of rules")
            return FaultScript()
        values = self._mapping(root, _TOP_KEYS)
        rules_node = values.get("rules")
        if not isinstance(rules_node, yaml.SequenceNode):
            self._say(root, "the key 'rules' with a list of rules is missing")
            return FaultScript()
        seed = self._value(values["seed"], int, "seed") if "seed" in values else 7
        name = self._value(values["name"], str, "name") if "name" in values else ""
        return FaultScript(self._rules(rules_node), seed if seed is not None else 7, name or "")

    def _rules(self, node: yaml.SequenceNode) -> tuple[FaultRule, ...]:
        made = (self._rule(child) for child in node.value)
        return tuple(rule for rule in made if rule is not None)

    def _rule(self, node: yaml.Node) -> FaultRule | None:
        if not isinstance(node, yaml.MappingNode):
            self._say(node, "a rule is a mapping such as {action: drop, stream: '*'}")
            return None
        values: dict[str, Any] = {}
        for key, child in self._mapping(node, tuple(_KNOWN_KEYS)).items():
            default = _KNOWN_KEYS[key].default
            wanted = str if default is MISSING else type(default)
            value = self._value(child, wanted, key)
            if value is not None:
                values[key] = value
        if "action" not in values:
            self._say(node, f"the key 'action' is missing. Use one of: {', '.join(ACTIONS)}")
            return None
        rule = FaultRule(**values)
        self._check(node, rule)
        return rule

    def _check(self, node: yaml.Node, rule: FaultRule) -> None:
        if rule.action not in ACTIONS:
            self._say(node, f"unknown action {rule.action!r}.{_suggestion(rule.action, ACTIONS)}")
        elif any(getattr(rule, name) for name in _MATCHES_REQUEST) and rule.action not in REQUEST_ACTIONS:
            self._say(node, f"{rule.action} acts on streams; remove 'path' and 'method' or use another action")
        elif any(getattr(rule, name) for name in _MATCHES_STREAM) and rule.action not in STREAM_ACTIONS:
            self._say(node, f"{rule.action} does not act on streams; remove 'stream', 'route' and 'event'")
        if rule.every < 1 or rule.count < 0 or not 0.0 <= rule.probability <= 1.0:
            self._say(node, "'every' must be at least 1, 'count' at least 0, 'probability' from 0 to 1")
        times = (
            rule.after_s,
            rule.for_s,
            rule.repeat_s,
            rule.delay_ms,
            rule.hold_s,
            rule.at_ms,
            rule.older_than_s,
            rule.ends_s,
        )
        if min(times) < 0:
            self._say(node, "times must not be negative")
        if rule.kind not in ANSWER_KINDS:
            self._say(node, f"unknown kind {rule.kind!r}. Use one of: {', '.join(ANSWER_KINDS)}")
        if rule.action == "change_symbol":
            self._check_change(node, rule)
        if rule.action == "respond" and not 400 <= rule.status <= 599:
            self._say(node, "'respond' needs a status from 400 to 599, for example status: 503")

    def _check_change(self, node: yaml.Node, rule: FaultRule) -> None:
        change = rule.state or rule.tick or rule.step or rule.ends_s or rule.tiers or rule.funding_hours
        if not rule.symbol or not change:
            names = "'state', 'tick', 'step', 'ends_s', 'tiers', 'funding_hours'"
            self._say(node, f"'change_symbol' needs 'symbol' and one of {names}")
        if rule.funding_hours not in (0, 1, 2, 4, 8):
            self._say(node, f"'funding_hours' is 1, 2, 4 or 8, not {rule.funding_hours}")
        if not _are_tiers(rule):
            self._say(node, "'tiers' lists leverage:value by falling leverage and rising value, as '20:5000 5:100000'")
        for text in filter(None, (rule.tick, rule.step)):
            try:
                good = Decimal(text) > 0
            except ArithmeticError:
                good = False
            if not good:
                self._say(node, f"'tick' and 'step' are texts with a number above zero such as '0.01', not {text!r}")

    def _mapping(self, node: yaml.MappingNode, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        found: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key not in known:
                self._say(key_node, f"unknown key {key!r}.{_suggestion(key, known)}")
            elif key in found:
                self._say(key_node, f"key {key!r} stands here twice. Remove one")
            else:
                found[key] = value_node
        return found

    def _value(self, node: yaml.Node, wanted: type, key: str) -> Any:
        value = yaml.SafeLoader("").construct_object(node, deep=True) if isinstance(node, yaml.ScalarNode) else None
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, wanted) and not (wanted is int and isinstance(value, bool)):
            return value
        shown = node.value if isinstance(node, yaml.ScalarNode) else "a list or mapping"
        self._say(node, f"{key!r} must be {_TYPE_NAMES[wanted]}, not {shown!r}")
        return None

    def _say(self, node: yaml.Node, reason: str) -> None:
        self.problems.append(f"{self.origin} line {node.start_mark.line + 1}: {reason}.")


_TYPE_NAMES = {int: "a whole number", float: "a number", str: "a text"}


def _are_tiers(rule: FaultRule) -> bool:
    """Whether the steps make sense; no steps do."""
    try:
        rows = rule.tier_rows
    except (ValueError, ArithmeticError):
        return False
    falling = all(one > other for (one, _), (other, _) in pairwise(rows))
    rising = all(one < other for (_, one), (_, other) in pairwise(rows))
    return falling and rising and all(1 <= leverage <= 125 and value > 0 for leverage, value in rows)


def _suggestion(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(known)}"
