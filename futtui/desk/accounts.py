"""One account per mode: wallet, day start, results. A virtual account is a fold over its trades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from futtui.desk.positions import Position
from futtui.desk.recent_trades import RecentTrades
from futtui.desk.transfers import TransferBook
from futtui.domain.account import MoneyMoved
from futtui.domain.position import Trade, TradeClass, TradingMode
from futtui.domain.snapshot import AccountView
from futtui.domain.symbols import ZERO
from futtui.domain.timeframe import DAY_MS, MINUTE_MS
from futtui.risk.caps import AccountRisk, Exposure, day_loss_left_pct
from futtui.risk.settings import CapSettings

WEEK_MS = 7 * DAY_MS
FIRST_MONDAY_MS = 4 * DAY_MS
"""1970-01-05."""
LOOK_AFTER_MS = 1_000
"""A look at a real account counts as later than news of it when it began so long after them: clocks differ a little."""


class Account:
    """Money of one mode. Until a broker reports a wallet, the wallet is start equity plus everything realised."""

    def __init__(self, mode: TradingMode, start_equity: Decimal, trades_kept: int) -> None:
        self.mode = mode
        self.start_equity = start_equity
        self.reported_wallet: Decimal | None = None
        self.day_start_equity = start_equity
        self.peak_equity = ZERO
        """Highest equity seen on the clock in this run; 0 before the first look."""
        self.trades = RecentTrades(trades_kept, WEEK_MS + DAY_MS)
        self.pause_until_ms = 0
        self.losses_in_a_row = 0
        self.closed_trades = 0
        self.classes: dict[TradeClass, int] = dict.fromkeys(TradeClass, 0)
        self.net_r = 0.0
        self.beside: Mapping[str, Decimal] = {}
        """Open profit of what a real account holds beside our positions, by symbol, at the last look."""
        self._beside = ZERO
        self._looked_ms: int | None = None
        self._changed_ms = 0
        self._not_ours = ZERO
        """The wallet without our results at the last look, and every rise since."""
        self._not_ours_before: Decimal | None = None
        """The same from the look before that on: a look may be older than news that came before its answer."""
        self._day_due: tuple[int, Decimal] | None = None
        """A day began in doubt: news that the look must be later than which tells its start, and our results then."""
        self._transfers = TransferBook()
        self._booked_pnl = ZERO
        self._traded = False

    def report_wallet(self, wallet: Decimal, positions: Iterable[Position], time_ms: int) -> None:
        """Take in the wallet that the broker reports; the first one tells where a real account and its day started."""
        first = self.reported_wallet is None
        held = list(positions)
        if not first and wallet != self.reported_wallet:
            self.note_change(time_ms)
            self._note_rise(wallet - (self.reported_wallet or ZERO))
        self.reported_wallet = wallet
        if first and self.mode is TradingMode.LIVE:
            self.start_equity = wallet - self._booked_pnl - sum((item.ledger.net for item in held), ZERO)
            self.resume_day(time_ms)
            self.shift(self._beside)
        elif first and not self._traded and not held:
            self.day_start_equity = wallet

    def note_change(self, time_ms: int) -> None:
        """Money, or what is held beside our positions, changed: the two fit together again at the next look."""
        self._changed_ms = max(self._changed_ms, time_ms)

    def note_beside(self, profits: Mapping[str, Decimal], positions: Iterable[Position], asked_ms: int) -> None:
        """Take in the open profit beside our positions; what the first look finds was there when the day began."""
        first = self._looked_ms is None
        held = list(positions)
        self._looked_ms = asked_ms
        self.beside, self._beside = profits, sum(profits.values(), ZERO)
        self._not_ours_before = None if first else self._not_ours
        self._not_ours = self.wallet(held) - self._results(held)
        if first:
            self.shift(self._beside)
        if self._day_due is not None and asked_ms >= self._day_due[0] + LOOK_AFTER_MS:
            self._tell_day_start(held, self._day_due[1])

    def move_money(self, event: MoneyMoved) -> bool:
        """Take in a transfer; False if it is known already."""
        is_new = self._transfers.is_new(event)
        if is_new:
            self.shift(event.amount)
        return is_new

    def shift(self, amount: Decimal) -> None:
        """Let everything that results are counted from move by money that was not earned or lost."""
        self.start_equity += amount
        self.day_start_equity += amount
        if self.peak_equity:
            self.peak_equity += amount

    @property
    def is_looked_at(self) -> bool:
        """Whether a look at the real account told what is held beside our positions."""
        return self._looked_ms is not None

    @property
    def is_sure(self) -> bool:
        """Whether the equity can be judged: not between news of money held beside our positions and the next look."""
        return not self.beside or self._looked_ms is None or self._looked_ms >= self._changed_ms + LOOK_AFTER_MS

    @property
    def holds_money(self) -> bool:
        """False for the account on which signals for information are followed."""
        return self.mode is not TradingMode.INFO

    @property
    def is_known(self) -> bool:
        """Whether the money of the account is known: always for virtual ones, after a report for live."""
        return self.mode is not TradingMode.LIVE or self.reported_wallet is not None

    def wallet(self, positions: Iterable[Position]) -> Decimal:
        """Wallet balance: as reported, else the fold of everything realised."""
        if self.reported_wallet is not None:
            return self.reported_wallet
        return self.start_equity + self._booked_pnl + sum((item.ledger.net for item in positions), ZERO)

    def equity(self, positions: Iterable[Position]) -> Decimal:
        """Wallet plus open profit: ours at the last prices, that beside it as of the last look.

        While it is not sure whether a profit beside it was cashed in, it does not count; a loss counts.
        """
        held = list(positions)
        equity = self.wallet(held) + sum((item.unrealized for item in held), ZERO)
        if not self.beside:
            return equity
        if self.is_sure:
            return equity + self._beside
        return equity + sum((min(profit, ZERO) for profit in self.beside.values()), ZERO)

    def most_equity(self, positions: Iterable[Position]) -> Decimal:
        """The equity where it is sure; else the most that it can be, so that limits are never left unjudged.

        What was cashed in beside our positions since the last look is in the wallet, and may be in the look, too. So
        either every profit beside is still open and every loss is cashed in, or nothing of it is: what is true lies
        below both. Under the second the wallet counts as of the looks before, with all that it rose by since.
        """
        held = list(positions)
        if self.is_sure:
            return self.equity(held)
        ours = sum((item.unrealized for item in held), ZERO)
        most = self.wallet(held) + ours + sum((max(profit, ZERO) for profit in self.beside.values()), ZERO)
        if self._not_ours_before is None:
            return most
        return min(most, self._not_ours_before + self._results(held) + ours + self._beside)

    def note_equity(self, equity: Decimal) -> None:
        """Let the equity move its peak."""
        self.peak_equity = max(self.peak_equity, equity)

    def forget_best(self) -> None:
        """Let the peak begin anew with the next look."""
        self.peak_equity = ZERO

    def start_day(self, positions: Iterable[Position]) -> None:
        """A UTC day begins: its loss limit counts from the equity now."""
        held = list(positions)
        self.day_start_equity = self.most_equity(held)
        self._day_due = None if self.is_sure else (self._changed_ms, self._ours(held))

    def book(self, trade: Trade, caps: CapSettings) -> None:
        """Add a closed trade; a corrected one replaces its earlier version."""
        earlier = self.trades.put(trade)
        if earlier is not None:
            self._count(earlier, -1)
        self._traded = True
        self._count(trade, 1)
        if earlier is not None:
            return
        if trade.result_class is TradeClass.LOSS:
            self.losses_in_a_row += 1
            if self.losses_in_a_row >= caps.loss_streak:
                self.pause_until_ms = trade.closed_ms + caps.loss_streak_pause_minutes * MINUTE_MS
        elif trade.result_class is TradeClass.WIN:
            self.losses_in_a_row = 0

    def restart(self, trades: Iterable[Trade], caps: CapSettings) -> None:
        """Take in the trades of earlier runs, oldest first."""
        for trade in sorted(trades, key=lambda item: (item.closed_ms, item.position_id)):
            self.book(trade, caps)

    def resume_day(self, time_ms: int) -> None:
        """After a restart: the day began before, so its losses still count."""
        midnight = time_ms - time_ms % DAY_MS
        today = sum((trade.pnl for trade in self.trades if trade.closed_ms >= midnight), ZERO)
        base = self.reported_wallet
        if base is None:
            base = self.start_equity + self._booked_pnl
        self.day_start_equity = base - today

    def week_pnl(self, time_ms: int) -> Decimal:
        """Result of the trades closed since Monday 00:00 UTC."""
        monday_ms = time_ms - (time_ms - FIRST_MONDAY_MS) % WEEK_MS
        return sum((trade.pnl for trade in self.trades if trade.closed_ms >= monday_ms), ZERO)

    def risk(self, positions: Iterable[Position], time_ms: int | None = None) -> AccountRisk:
        """What the caps need to know; the week's result only with a time, and where it limits anything."""
        held = list(positions)
        placed = [item for item in held if not item.stranded]
        exposures = tuple(Exposure(item.plan.side, item.notional, item.risk_money) for item in placed)
        return AccountRisk(
            self.equity(held),
            self.day_start_equity,
            exposures,
            self.pause_until_ms,
            self.losses_in_a_row,
            self.week_pnl(time_ms) if time_ms is not None and self.holds_money else ZERO,
            self.holds_money,
        )

    def view(self, positions: Iterable[Position], caps: CapSettings) -> AccountView:
        """The account as the screen shows it."""
        held = list(positions)
        risk = self.risk(held)
        started = self.day_start_equity
        return AccountView(
            equity=float(risk.equity),
            wallet_balance=float(self.wallet(held)),
            start_equity=float(self.start_equity),
            today_pct=float((risk.equity / started - 1) * 100) if started > 0 else 0.0,
            open_risk_pct=float(risk.open_risk / risk.equity * 100) if risk.equity > 0 else 0.0,
            open_risk_cap_pct=caps.max_open_risk_pct,
            day_loss_left_pct=day_loss_left_pct(risk.equity, started, caps),
            closed_trades=self.closed_trades,
            wins=self.classes[TradeClass.WIN],
            losses=self.classes[TradeClass.LOSS],
            break_evens=self.classes[TradeClass.BREAK_EVEN],
            net_r=self.net_r,
        )

    def _tell_day_start(self, held: list[Position], ours_then: Decimal) -> None:
        """A look told what the day began with; what our positions made or lost since is of this day."""
        self.day_start_equity = min(self.day_start_equity, self.most_equity(held) - (self._ours(held) - ours_then))
        self._day_due = None

    def _note_rise(self, change: Decimal) -> None:
        rise = max(change, ZERO)
        self._not_ours += rise
        if self._not_ours_before is not None:
            self._not_ours_before += rise

    def _results(self, held: list[Position]) -> Decimal:
        """What our trades and positions have brought into the wallet."""
        return self._booked_pnl + sum((item.ledger.net for item in held), ZERO)

    def _ours(self, held: list[Position]) -> Decimal:
        return self._results(held) + sum((item.unrealized for item in held), ZERO)

    def _count(self, trade: Trade, step: int) -> None:
        self.closed_trades += step
        self.classes[trade.result_class] += step
        self.net_r += step * trade.result_r
        self._booked_pnl += step * trade.pnl
