"""Turns what the desk did into messages. Each has a key of its own, so that nothing is ever told twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from enum import IntEnum
from typing import Any

from futtui.domain.effects import (
    Effect,
    PositionState,
    RecordPosition,
    RecordSignal,
    RecordSymbolState,
    RecordTrade,
    Severity,
)
from futtui.domain.effects import Say as Line
from futtui.domain.position import PositionStatus, Trade, TradingMode
from futtui.domain.price_alert import ALERT_TOPIC
from futtui.domain.side import Side
from futtui.domain.signal import DISMISSED, RawSignal, Signal, SignalStatus, Trigger
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS
from futtui.language.catalogue import Texts
from futtui.signals.confidence import PART_NAME
from futtui.telegram.formatting import age, clock, escaped, exits, price, result_mark, signed, strategy_name
from futtui.telegram.settings import TelegramSettings

REASONS_SHOWN = 6
OLD_MS = HOUR_MS
"""A signal that became known later than this after its time is no news any more."""
SAME_LINE_MS = 10 * MINUTE_MS
REMEMBERED = 500
OWN_TOPIC = "telegram"
_DIGITS = re.compile(r"[\d.,]+")


class Importance(IntEnum):
    """What goes first when too much waits, and what may make a sound in quiet hours (HIGH only)."""

    LOW = 0
    NORMAL = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class ChartWish:
    """A picture to go with a message: the newest candles of a symbol, with the plan of a signal if it is one."""

    symbol: str
    timeframe: str
    side: str = ""
    entry: float = 0.0
    stop: float = 0.0
    targets: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """A message for the phone. Alerts with the same `thread` answer its first one; `joins`: may share a message."""

    key: str
    text: str
    time_ms: int
    importance: Importance = Importance.NORMAL
    thread: str = ""
    chart: ChartWish | None = None
    joins: bool = False


class AlertMaker:
    """Makes alerts from effects and log lines. `knows(key)`: whether an alert of that key was made before."""

    def __init__(
        self,
        texts: Callable[[], Texts],
        settings: TelegramSettings,
        zone: tzinfo,
        rules_of: Callable[[str], SymbolRules | None],
        knows: Callable[[str], bool],
    ) -> None:
        self._texts = texts
        self._settings = settings
        self._zone = zone
        self._rules_of = rules_of
        self._knows = knows
        self._lines: dict[tuple[str, str, str], int] = {}
        self._results: dict[str, Decimal] = {}
        self._dismissed: dict[str, None] = {}
        """Signals that are dismissed, as far as this run heard of it."""

    def on_effect(self, effect: Effect) -> list[Alert]:
        """Messages about one effect, in order."""
        if isinstance(effect, RecordSignal):
            return self._on_signal(effect.signal, effect.time_ms)
        if isinstance(effect, RecordPosition):
            return self._on_position(effect.position, effect.time_ms)
        if isinstance(effect, RecordTrade):
            return self._on_trade(effect.trade, effect.time_ms)
        if isinstance(effect, RecordSymbolState):
            return self._on_block(effect)
        return []

    def on_line(self, line: Line) -> list[Alert]:
        """A message for a line that wants attention: price alerts, warnings, errors, changes of mode, ends of bans."""
        if line.topic == ALERT_TOPIC:
            text = self._texts()("alert.price", text=escaped(line.text))
            return [Alert(f"price:{line.time_ms}:{line.text}", text, line.time_ms, Importance.HIGH)]
        loud = line.severity in (Severity.WARNING, Severity.ERROR)
        told = loud or line.topic == "mode" or (line.topic == "feed" and line.severity is Severity.NOTICE)
        if not told or line.topic == OWN_TOPIC or self._is_repeated(line):
            return []
        kind = "mode" if line.topic == "mode" else "error" if line.severity is Severity.ERROR else "warning"
        named = not line.symbol or line.symbol in line.text
        text = line.text if named else f"{line.symbol}: {line.text}"
        key = f"line:{line.time_ms}:{line.topic}:{line.symbol}:{_DIGITS.sub('#', line.text)[:120]}"
        importance = Importance.HIGH if loud else Importance.NORMAL
        return [Alert(key, self._texts()(f"alert.{kind}", text=escaped(text)), line.time_ms, importance)]

    def _is_repeated(self, line: Line) -> bool:
        """Whether the same line, figures aside, was told a moment ago."""
        kind = (line.topic, line.symbol, _DIGITS.sub("#", line.text))
        before = self._lines.pop(kind, None)
        again = before is not None and 0 <= line.time_ms - before < SAME_LINE_MS
        self._lines[kind] = before if again and before is not None else line.time_ms
        _forget_oldest(self._lines)
        return again

    # --- signals ------------------------------------------------------------------------------------------------

    def _on_signal(self, signal: Signal, time_ms: int) -> list[Alert]:
        raw, texts = signal.raw, self._texts()
        if signal.is_for_information and not self._settings.information_signals:
            return []
        chosen = self._on_choice(signal, time_ms)
        if chosen or (signal.is_set_aside and signal.status.is_open):
            return chosen
        waited = self._knows(f"waiting:{signal.signal_id}")
        if signal.status is SignalStatus.EXPIRED and waited:
            return [self._reply(f"expired:{signal.signal_id}", texts("signal.expired"), time_ms, signal.signal_id)]
        if not signal.status.is_open or time_ms - signal.updated_ms > OLD_MS:
            return []
        if signal.status is SignalStatus.ACTIVE and waited:
            return [self._reply(f"reached:{signal.signal_id}", texts("signal.reached"), time_ms, signal.signal_id)]
        if signal.status is SignalStatus.WAITING and not self._settings.waiting_signals:
            return []
        kind = "waiting" if signal.status is SignalStatus.WAITING else "signal"
        key = f"{kind}:{signal.signal_id}"
        if self._knows(key):
            return []
        levels = raw.levels
        wish = ChartWish(
            raw.symbol, raw.timeframe.code, raw.side.value, levels.entry, levels.stop, tuple(levels.targets)
        )
        chart = wish if self._settings.charts else None
        return [Alert(key, self._signal_text(signal), time_ms, Importance.NORMAL, signal.signal_id, chart)]

    def _on_choice(self, signal: Signal, time_ms: int) -> list[Alert]:
        """That the user dismissed a signal that was told here, or brought it back. What was taken tells of itself."""
        identity = signal.signal_id
        dismissed, before = DISMISSED in signal.tags, identity in self._dismissed
        told = self._knows(f"signal:{identity}") or self._knows(f"waiting:{identity}")
        if dismissed is before or not signal.status.is_open or not told:
            return []
        if dismissed:
            self._dismissed[identity] = None
            _forget_oldest(self._dismissed)
        else:
            del self._dismissed[identity]
        name = "dismissed" if dismissed else "back"
        text = self._texts()(f"signal.{name}")
        return [Alert(f"{name}:{identity}:{time_ms}", text, time_ms, Importance.LOW, identity, joins=True)]

    def _signal_text(self, signal: Signal) -> str:
        raw, texts = signal.raw, self._texts()
        rules, levels = self._rules_of(raw.symbol), raw.levels
        waits = signal.status is SignalStatus.WAITING
        head = texts(
            "signal.waiting" if waits else "signal.new",
            mark="🟢▲" if raw.side is Side.LONG else "🔴▼",
            side=texts(f"side.{raw.side.value}"),
            symbol=escaped(raw.symbol),
            strategy=strategy_name(raw.strategy),
            frame=raw.timeframe.code,
        )
        lines = [head]
        if raw.is_by_hand:
            lines.append(texts("signal.taken"))
        if signal.is_for_information:
            lines.append(texts("signal.information"))
        entry = price(levels.entry, rules)
        lines.append(
            texts("signal.entry_waits", price=entry, time=clock(raw.valid_until_ms, self._zone))
            if waits and raw.trigger is Trigger.ARMED
            else texts("signal.entry", price=entry)
        )
        stop_pct = signed((levels.stop / levels.entry - 1.0) * 100.0)
        lines.append(texts("signal.stop", price=price(levels.stop, rules), pct=stop_pct))
        for index, target in enumerate(levels.targets):
            reward = f"{levels.reward_r(index):.2f}"
            lines.append(texts("signal.target", n=index + 1, price=price(target, rules), reward=reward))
        regime = texts(f"regime.{raw.regime.value}")
        score = f"{signal.score:.1f}" + (f" / {signal.needed_score:g}" if signal.needed_score else "")
        lines.append(texts("signal.score", score=score, regime=regime))
        odds = next((part for part in signal.parts if part.name == PART_NAME and part.valid), None)
        if odds is not None:
            lines.append(texts("signal.odds", text=escaped(odds.reason)))
        lines += ["", texts("signal.why"), *_reasons(raw, signal)]
        return "\n".join(lines)

    def _reply(self, key: str, text: str, time_ms: int, thread: str) -> Alert:
        return Alert(key, text, time_ms, Importance.NORMAL, thread, joins=True)

    # --- positions and trades -----------------------------------------------------------------------------------

    def _on_position(self, state: PositionState, time_ms: int) -> list[Alert]:
        if state.mode == TradingMode.INFO.value and not self._settings.information_signals:
            return []
        if state.status != PositionStatus.PROTECTED.value:
            return []
        texts, rules, identity = self._texts(), self._rules_of(state.symbol), state.position_id
        news = [
            (
                f"opened:{identity}",
                texts(
                    "trade.opened",
                    price=price(float(state.entry_price), rules),
                    quantity=state.quantity,
                    base=escaped(rules.base_asset if rules is not None else state.symbol),
                    stop=price(float(state.stop), rules),
                ),
            )
        ]
        news += [
            (f"target:{identity}:{number}", texts("trade.target", n=number))
            for number in range(1, state.targets_hit + 1)
        ]
        if self._settings.stop_moves and state.stop != state.initial_stop:
            moved = texts("trade.stop_moved", price=price(float(state.stop), rules))
            news.append((f"stop:{identity}:{state.stop}", moved))
        return [
            self._reply(key, f"{escaped(state.symbol)}: {text}", time_ms, state.signal_id)
            for key, text in news
            if not self._knows(key)
        ]

    def _on_trade(self, trade: Trade, time_ms: int) -> list[Alert]:
        if trade.mode is TradingMode.INFO and not self._settings.information_signals:
            return []
        texts, key = self._texts(), f"closed:{trade.position_id}"
        told, self._results[trade.position_id] = self._results.pop(trade.position_id, None), trade.pnl
        _forget_oldest(self._results)
        if self._knows(key):
            if told in (None, trade.pnl):
                return []
            text = texts("trade.corrected", symbol=escaped(trade.symbol), result=signed(trade.result_r))
            return [self._reply(f"{key}:{trade.pnl}", text, time_ms, trade.signal_id)]
        text = texts(
            "trade.closed",
            mark=result_mark(trade),
            symbol=escaped(trade.symbol),
            result=signed(trade.result_r),
            money=signed(float(trade.pnl)),
            age=age(texts, trade.closed_ms - trade.opened_ms),
            where=exits(texts, trade),
        )
        return [self._reply(key, text, time_ms, trade.signal_id)]

    def _on_block(self, effect: RecordSymbolState) -> list[Alert]:
        texts, symbol = self._texts(), escaped(effect.symbol)
        key = f"block:{effect.symbol}:{effect.time_ms}:{effect.blocked_until_ms}"
        if effect.blocked_until_ms is None:
            return [Alert(key, texts("alert.unblocked", symbol=symbol), effect.time_ms, Importance.LOW)]
        until = (
            texts("alert.until", time=clock(effect.blocked_until_ms, self._zone))
            if effect.blocked_until_ms
            else texts("alert.until_unblocked")
        )
        text = texts("alert.blocked", symbol=symbol, until=until, reason=escaped(effect.reason))
        return [Alert(key, text, effect.time_ms)]


def _forget_oldest(remembered: dict[Any, Any]) -> None:
    while len(remembered) > REMEMBERED:
        del remembered[next(iter(remembered))]


def _reasons(raw: RawSignal, signal: Signal) -> list[str]:
    """The summary, then the parts that weigh most."""
    weighty = sorted((part for part in signal.parts if part.valid and part.points), key=lambda part: -abs(part.points))
    parts = [f"{signed(part.points, 1)} {escaped(part.reason)}" for part in weighty[:REASONS_SHOWN] if part.reason]
    return [escaped(raw.summary), *parts]
