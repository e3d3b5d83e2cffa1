"""Compares, minute by minute, what the desk believes with what the account of the exchange really holds."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from futtui.domain.candle import Candle
from futtui.domain.effects import RecordTrade
from futtui.domain.position import ExitReason, Trade, TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.side import Side
from futtui.domain.timeframe import Timeframe
from futtui.exchange.simulator.core.exchange import ExchangeCore
from futtui.exchange.simulator.paper import PAPER_KEY
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.brokers import PaperDeskBroker
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import Exchange, WatchedAnalyzers, made_up_signal

ZERO = Decimal(0)
TINY = Decimal("0.000001")


class BusyAnalyzers(WatchedAnalyzers):
    """A made-up signal at about every third close, long or short by the hash of its place and time."""

    def __init__(self, width: float = 0.6) -> None:
        super().__init__()
        self._width = width

    async def on_closes(self, symbol: str, closes: Sequence[tuple[Timeframe, Candle]]) -> AnalysisResult:
        result = await super().on_closes(symbol, closes)
        chance = hashlib.sha256(f"{symbol}{result.reading.time_ms}".encode()).digest()
        if chance[0] > 100:
            return replace(result, signals=())
        signal = made_up_signal(result, Side.LONG if chance[1] & 1 else Side.SHORT)
        levels, width = signal.levels, self._width * (0.5 + chance[2] % 3 / 4)
        near = [levels.entry + (price - levels.entry) * width for price in (levels.stop, *levels.targets)]
        levels = replace(levels, stop=near[0], targets=tuple(near[1:]))
        return replace(result, signals=(replace(signal, levels=levels, time_stop_bars=8 + chance[3] % 24),))


@dataclass
class Audit:
    """Findings of a run; `found` stays empty while all is well."""

    engine: Engine
    world: Exchange
    mode: TradingMode
    found: list[str] = field(default_factory=list)
    stops: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine.runner.records = []

    async def run(self, minutes: int) -> None:
        """Let the engine work and look at the account after every minute."""
        for _ in range(minutes):
            await run_lockstep(self.engine, 1)
            self.look()

    @property
    def core(self) -> ExchangeCore:
        """The exchange core that holds the account of the mode."""
        if self.mode is TradingMode.LIVE:
            return self.world.server.venue.core
        broker = self.engine.runner.brokers[self.mode]
        assert isinstance(broker, PaperDeskBroker)
        return broker._broker._core

    @property
    def key(self) -> str:
        return DEMO_KEY if self.mode is TradingMode.LIVE else PAPER_KEY

    @property
    def trades(self) -> list[Trade]:
        """Closed trades, each in its newest version."""
        records = self.engine.runner.records or []
        return list({item.trade.position_id: item.trade for item in records if isinstance(item, RecordTrade)}.values())

    def look(self) -> None:
        """Quantities, stops, targets and money at this moment."""
        views = self.engine.runner.desk.snapshot().positions
        wanted: dict[str, Decimal] = defaultdict(Decimal)
        for view in views:
            wanted[view.symbol] += Decimal(str(view.quantity)) * view.side.sign
            before = self.stops.get(view.position_id, view.stop)
            self._expect(view.side.sign * (view.stop - before) >= 0, f"{view.symbol}: stop loosened from {before}")
            self.stops[view.position_id] = view.stop
            self._expect(view.status == "PROTECTED", f"{view.symbol}: {view.status}")
        for symbol in self.engine.states:
            self._look_at_symbol(symbol, wanted[symbol], [view.stop for view in views if view.symbol == symbol])
        wallet = self.core.account(self.key).wallet
        self._expect(wallet == self.engine.runner.desk.booked_wallet(self.mode), f"wallet {wallet} is not the desk's")
        self._expect(abs(wallet - 10_000 - self.booked()) < TINY, f"wallet {wallet}, but booked {self.booked()}")

    def _look_at_symbol(self, symbol: str, wanted: Decimal, stop_prices: list[float]) -> None:
        held = self.core.position(self.key, symbol).quantity
        algos = self.core.open_algo_orders(self.key, symbol)
        stops = [algo for algo in algos if algo.order_type == "STOP_MARKET"]
        targets = sum((algo.quantity or ZERO for algo in algos if algo.order_type != "STOP_MARKET"), ZERO)
        stopped = sum((algo.quantity or ZERO for algo in stops), ZERO)
        self._expect(held == wanted, f"{symbol}: holds {held}, the desk says {wanted}")
        self._expect(stopped == abs(held), f"{symbol}: holds {held}, stops for {stopped}")
        self._expect(targets <= abs(held), f"{symbol}: holds {held}, targets for {targets}")
        self._expect(not self.core.open_orders(self.key, symbol), f"{symbol}: an order rests in the book")
        prices = sorted(float(algo.trigger_price or 0) for algo in stops)
        self._expect(prices == sorted(stop_prices), f"{symbol}: stops at {prices}, the desk says {stop_prices}")

    def booked(self) -> Decimal:
        """Results of all trades and of the booked parts of open positions, from their own fills."""
        held = self.engine.runner.desk._state.held(self.mode)
        return sum((trade.pnl for trade in self.trades), ZERO) + sum((item.ledger.net for item in held), ZERO)

    def check_incomes(self) -> None:
        """Each fee, funding and realised profit of the exchange is in exactly one trade or open position."""
        income = self.core.account(self.key).income
        total = {
            kind: sum((item.income for item in income if item.income_type == kind), ZERO)
            for kind in ("REALIZED_PNL", "COMMISSION", "FUNDING_FEE")
        }
        ledgers = [item.ledger for item in self.engine.runner.desk._state.held(self.mode)]
        trades = self.trades
        fees = sum((trade.fees for trade in trades), ZERO) + sum((item.fees for item in ledgers), ZERO)
        funding = sum((trade.funding for trade in trades), ZERO) + sum((item.funding for item in ledgers), ZERO)
        gross = sum((trade.pnl + trade.fees - trade.funding for trade in trades), ZERO)
        gross += sum((item.gross for item in ledgers), ZERO)
        self._expect(fees == -total["COMMISSION"], f"fees {fees}, the exchange took {total['COMMISSION']}")
        self._expect(funding == total["FUNDING_FEE"], f"funding {funding}, the exchange booked {total['FUNDING_FEE']}")
        self._expect(abs(gross - total["REALIZED_PNL"]) < TINY, f"gross {gross}, realised {total['REALIZED_PNL']}")

    def _expect(self, truth: bool, text: str) -> None:
        if not truth:
            self.found.append(f"{self.engine.clock.now_ms()} {text}")


def faults_of(trade: Trade) -> list[str]:
    """What does not hold together in a closed trade, recomputed from its legs alone."""
    sign, quantity = trade.side.sign, trade.quantity
    risk = sign * (trade.entry_price - trade.initial_stop)
    gross = sum((sign * (leg.price - trade.entry_price) * leg.quantity for leg in trade.legs), ZERO)
    moves = [float(sign * (leg.price - trade.entry_price) / risk) for leg in trade.legs]
    costs_r = float((trade.fees - trade.funding) / (risk * quantity))
    stopped = [move for leg, move in zip(trade.legs, moves, strict=True) if leg.reason is ExitReason.STOP]
    sold = [move for leg, move in zip(trade.legs, moves, strict=True) if leg.reason.name.startswith("TARGET")]
    checks = {
        "legs do not sum to the quantity": sum((leg.quantity for leg in trade.legs), ZERO) == quantity,
        "stop on the wrong side": risk > 0,
        "result is not the sum of its legs": abs(gross - trade.fees + trade.funding - trade.pnl) < Decimal("0.0001"),
        "R does not follow from profit and first risk": abs(float(trade.pnl / (risk * quantity)) - trade.result_r)
        < 1e-6,
        "best move is below a fill": trade.mfe_r >= max(0.0, *moves) - 1e-9,
        "worst move is above a fill": trade.mae_r <= min(0.0, *moves) + 1e-9,
        "result above the best move": trade.result_r <= trade.mfe_r + max(0.0, -costs_r) + 1e-9,
        "result below the worst move": trade.result_r >= trade.mae_r - max(0.0, costs_r) - 1e-9,
        "a first stop that wins": max(stopped, default=0.0) <= 0.0,
        "a target that loses": min(sold, default=1.0) > 0.0,
        "legs outside the trade's time": all(trade.opened_ms <= leg.time_ms <= trade.closed_ms for leg in trade.legs),
    }
    return [f"{trade.position_id}: {text}" for text, holds in checks.items() if not holds]
