"""The pages behind the buttons: pure text made from a snapshot, with the buttons that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from futtui.domain.position import Trade, TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import Signal, SignalStatus
from futtui.domain.snapshot import EngineSnapshot, MarketRow, PositionView
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneKind
from futtui.language.catalogue import Language, Texts
from futtui.telegram.formatting import age, clock, escaped, exits, foot, heard, open_here, price, signed, strategy_name

Buttons = tuple[tuple[tuple[str, str], ...], ...]
"""Rows of (label, data)."""
SIGNALS_A_PAGE = 5
SYMBOLS_A_PAGE = 25
ZONES_SHOWN = 12
LINES_SHOWN = 15
TRADES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Page:
    """A message with buttons under it; `data` of a button says what it does (at most 64 bytes)."""

    text: str
    buttons: Buttons = ()


class Pages:
    """Makes pages in the chosen language. `snapshot` gives the newest state, `queued` the messages that wait."""

    def __init__(
        self,
        texts: Callable[[], Texts],
        zone: tzinfo,
        snapshot: Callable[[], EngineSnapshot],
        queued: Callable[[], int],
    ) -> None:
        self._texts = texts
        self._zone = zone
        self._snapshot = snapshot
        self._queued = queued

    # --- the eight buttons --------------------------------------------------------------------------------------

    def status(self, _: int = 0) -> Page:
        """Mode, data, account."""
        texts, now = self._texts(), self._snapshot()
        desk = now.desk
        mode = texts(f"mode.{(desk.mode if desk is not None else now.start_mode).value}")
        paused = texts("status.paused") if desk is not None and desk.paused else ""
        state = texts("status.running") if now.phase == "running" else heard(texts, now.phase_text or now.phase)
        lines = [
            texts("status.title"),
            heard(texts, now.source_label),
            texts("status.mode", mode=mode, paused=paused),
            texts("status.phase", text=state),
            texts("status.symbols", ready=now.symbols_ready, total=now.symbols_total),
            texts("status.feed", text=heard(texts, now.feed.text), delay=now.feed.delay_ms),
        ]
        if desk is not None and desk.resuming_asks:
            lines.insert(3, texts("status.why_paused", reason=heard(texts, desk.pause_reason)))
        if desk is not None:
            account = desk.account
            equity = f"{account.equity:,.2f}"
            own = open_here(desk)
            others = len(desk.positions) - own
            more = texts("status.open_elsewhere", n=others) if others else ""
            lines.append(texts("status.open", n=own, more=more, signals=desk.signals_today))
            lines.append(texts("status.equity", equity=equity, today=signed(account.today_pct)))
        lines.append(texts("status.weight", used=now.feed.used_weight, limit=now.feed.weight_limit))
        return self._page(lines, "status")

    def positions(self, _: int = 0) -> Page:
        """What is open, with a button to close each."""
        texts, now = self._texts(), self._snapshot()
        held = now.desk.positions if now.desk is not None else ()
        lines = [texts("positions.title")]
        for position in held:
            lines += self._position_lines(position, self._rules(position.symbol))
        if not held:
            lines.append(texts("positions.none"))
        real = [each for each in held if each.mode is not TradingMode.INFO]
        rows = tuple(((texts("button.close", symbol=each.symbol), f"close:{each.position_id}"),) for each in real[:20])
        return self._page(lines, "positions", rows)

    def _position_lines(self, position: PositionView, rules: SymbolRules | None) -> list[str]:
        texts = self._texts()
        told = "" if position.mode is not TradingMode.INFO else f" {texts('positions.information')}"
        side = texts(f"side.{position.side.value}")
        head = texts(
            "positions.row",
            side=side,
            symbol=escaped(position.symbol),
            result=signed(position.pnl_r),
            money=signed(position.pnl),
        )
        levels = texts(
            "positions.levels",
            entry=price(position.entry_price, rules),
            mark=price(position.mark_price, rules),
            stop=price(position.stop, rules),
            guard=texts.known(f"guard.{position.status}", escaped(position.guard)),
        )
        return [head + told, levels]

    def signals(self, page: int = 0) -> Page:
        """Signals that wait or run, a few to a page."""
        texts, now = self._texts(), self._snapshot()
        known = now.desk.signals if now.desk is not None else ()
        listed = [signal for signal in known if signal.status.is_open and not signal.is_set_aside]
        pages = max(1, -(-len(listed) // SIGNALS_A_PAGE))
        page = min(max(page, 0), pages - 1)
        lines = [texts("signals.title")]
        for signal in listed[page * SIGNALS_A_PAGE : (page + 1) * SIGNALS_A_PAGE]:
            lines += self._signal_lines(signal)
        if not listed:
            lines.append(texts("signals.none"))
        if pages > 1:
            lines.append(texts("page.of", page=page + 1, pages=pages))
        return self._page(lines, f"signals:{page}", self._turn("signals", page, pages))

    def _signal_lines(self, signal: Signal) -> list[str]:
        raw, texts = signal.raw, self._texts()
        rules, levels = self._rules(raw.symbol), raw.levels
        waits = signal.status is SignalStatus.WAITING
        mark = "⏳" if waits else "ℹ" if signal.is_for_information else "🟢" if raw.side is Side.LONG else "🔴"
        head = texts(
            "signals.row",
            mark=mark,
            side=texts(f"side.{raw.side.value}"),
            symbol=escaped(raw.symbol),
            strategy=strategy_name(raw.strategy),
            frame=raw.timeframe.code,
            score=f"{signal.score:.1f}",
        )
        targets = " / ".join(price(target, rules) for target in levels.targets)
        entry, stop = price(levels.entry, rules), price(levels.stop, rules)
        return [head, texts("signals.levels", entry=entry, stop=stop, targets=targets)]

    def risk(self, _: int = 0) -> Page:
        """How much is at risk, and what is blocked."""
        texts, desk = self._texts(), self._snapshot().desk
        if desk is None:
            return Page(texts("answer.starting"))
        account = desk.account
        lines = [
            texts("risk.title"),
            texts("risk.open", risk=f"{account.open_risk_pct:.2f}", cap=f"{account.open_risk_cap_pct:g}"),
            texts("risk.day", left=f"{account.day_loss_left_pct:.2f}"),
            texts("risk.blocked") if desk.blocked else texts("risk.free"),
        ]
        for symbol, (until_ms, reason) in sorted(desk.blocked.items()):
            until = texts("alert.until", time=clock(until_ms, self._zone)) if until_ms else ""
            until = until or texts("alert.until_unblocked")
            lines.append(texts("risk.blocked_row", symbol=escaped(symbol), until=until, reason=heard(texts, reason)))
        return self._page(lines, "risk")

    def pause(self, paused: bool) -> Page:
        """That new trades are paused or not, with the button for the other way."""
        texts = self._texts()
        label, data = ("button.resume", "do:resume") if paused else ("button.pause_now", "do:pause")
        text = texts("pause.on" if paused else "pause.off")
        return Page("\n".join([text, "", self._foot()]), (((texts(label), data),),))

    def health(self, _: int = 0) -> Page:
        """How the engine itself is doing."""
        texts, health = self._texts(), self._snapshot().health
        if health is None:
            return Page(texts("health.starting"))
        lines = [texts("health.title")]
        lines += [texts("health.trouble", text=escaped(text)) for text in health.troubles] or [texts("health.well")]
        lines.append(texts("health.lag", lag=f"{health.loop_lag_ms:.0f}", p99=f"{health.loop_lag_p99_ms:.0f}"))
        lines.append(texts("health.database", waiting=health.database.waiting, lag=f"{health.database.lag_ms:.0f}"))
        if health.clock.offset_ms is not None:
            lines.append(texts("health.clock", offset=health.clock.offset_ms))
        megabytes = sum(each.memory_mb or 0.0 for each in health.processes)
        lines.append(texts("health.memory", megabytes=f"{megabytes:.0f}", n=len(health.processes)))
        lines.append(texts("health.reconnects", n=health.reconnects, filled=health.gaps_filled))
        lines.append(texts("health.queue", n=self._queued()))
        return self._page(lines, "health")

    # --- more ---------------------------------------------------------------------------------------------------

    def strategies(self, symbol: str) -> Page:
        """What each strategy said about a symbol at the last close."""
        texts = self._texts()
        lines = [texts("strategies.title", symbol=escaped(symbol))]
        for verdict in self._snapshot().verdicts.get(symbol, ()):
            mark = "✅" if verdict.proposed else "▫" if verdict.available else "⚠"
            name = strategy_name(verdict.strategy)
            lines.append(texts("strategies.row", mark=mark, strategy=name, reason=escaped(verdict.reason)))
        return Page("\n".join([*lines, "", self._foot()]))

    def zones(self, symbol: str) -> Page:
        """Zones of a symbol, the nearest first."""
        texts, row = self._texts(), self._row(symbol)
        reading = self._snapshot().readings.get(symbol)
        if reading is None or not reading.zones or row is None:
            return Page(texts("zones.none", symbol=escaped(symbol)))
        now = row.price or reading.price
        lines = [texts("zones.title", symbol=escaped(symbol), price=price(now, row.rules))]
        for zone in sorted(reading.zones, key=lambda each: each.gap_pct(now))[:ZONES_SHOWN]:
            lines.append(
                texts(
                    "zones.row",
                    letter="🟦 S" if zone.kind is ZoneKind.SUPPORT else "🟧 R",
                    frame=zone.timeframe.code,
                    low=price(zone.low, row.rules),
                    high=price(zone.high, row.rules),
                    score=f"{zone.score:.0f}",
                    grade=f" ({zone.grade})" if zone.grade else "",
                    gap=f"{zone.gap_pct(now):.2f}",
                )
            )
        buttons = (((texts("button.chart", symbol=symbol), f"chart:{symbol}:15m"),),)
        return Page("\n".join([*lines, "", self._foot()]), buttons)

    def regime(self, page: int = 0) -> Page:
        """The regime of every symbol."""
        texts, rows = self._texts(), self._snapshot().market
        pages = max(1, -(-len(rows) // SYMBOLS_A_PAGE))
        page = min(max(page, 0), pages - 1)
        lines = [texts("regime.title")]
        for row in rows[page * SYMBOLS_A_PAGE : (page + 1) * SYMBOLS_A_PAGE]:
            m15, h1 = (texts.known(f"regime.{name}", name) for name in (row.regime_m15, row.regime_h1))
            lines.append(texts("regime.row", symbol=escaped(row.symbol), m15=escaped(m15), h1=escaped(h1)))
        return self._page(lines, f"regime:{page}", self._turn("regime", page, pages))

    def logs(self, _: int = 0) -> Page:
        """The newest lines of the log."""
        texts, lines = self._texts(), self._snapshot().log[-LINES_SHOWN:]
        told = [f"{clock(line.time_ms, self._zone)} {escaped(line.text)}" for line in lines]
        return self._page([texts("logs.title"), *told], "logs")

    def last_trades(self, trades: Sequence[Trade], mode: TradingMode) -> list[str]:
        """One line for each of the newest trades of a mode."""
        texts, now_ms = self._texts(), self._snapshot().time_ms
        return [
            texts(
                "pnl.row",
                symbol=escaped(trade.symbol),
                side=texts(f"side.{trade.side.value}"),
                result=signed(trade.result_r),
                where=exits(texts, trade),
                age=age(texts, now_ms - trade.closed_ms),
            )
            for trade in reversed([each for each in trades if each.mode is mode][-TRADES_SHOWN:])
        ]

    def languages(self) -> Page:
        """The choice of a language."""
        buttons = tuple(((each.own_name, f"lang:{each.value}"),) for each in Language)
        return Page(self._texts()("language.ask"), buttons)

    def modes(self) -> Page:
        """The choice of a mode."""
        texts = self._texts()
        chosen = (TradingMode.SIGNALS, TradingMode.PAPER, TradingMode.LIVE)
        return Page(texts("ask.mode"), tuple(((texts(f"mode.{mode.value}"), f"mode:{mode.value}"),) for mode in chosen))

    def chart_caption(self, symbol: str, timeframe: Timeframe) -> str:
        """What stands under a chart."""
        row = self._row(symbol)
        now = price(row.price, row.rules) if row is not None else ""
        caption = self._texts()("chart.caption", symbol=escaped(symbol), frame=timeframe.code, price=now)
        return f"{caption}\n<i>{self._foot()}</i>"

    # --- parts --------------------------------------------------------------------------------------------------

    def _page(self, lines: list[str], refresh: str, rows: Buttons = ()) -> Page:
        again = ((self._texts()("button.refresh"), f"page:{refresh}"),)
        return Page("\n".join([*lines, "", self._foot()]), (*rows, again))

    def _turn(self, name: str, page: int, pages: int) -> Buttons:
        texts, row = self._texts(), []
        if page > 0:
            row.append((texts("button.earlier"), f"page:{name}:{page - 1}"))
        if page < pages - 1:
            row.append((texts("button.later"), f"page:{name}:{page + 1}"))
        return (tuple(row),) if row else ()

    def _foot(self) -> str:
        return f"<i>{foot(self._texts(), self._snapshot())}</i>"

    def _row(self, symbol: str) -> MarketRow | None:
        return next((row for row in self._snapshot().market if row.symbol == symbol), None)

    def _rules(self, symbol: str) -> SymbolRules | None:
        row = self._row(symbol)
        return None if row is None else row.rules
