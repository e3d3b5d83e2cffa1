"""All symbols with their state and reason, and all blocks with their end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from futtui.domain.performance import PerformanceReport, SymbolResult
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import EngineSnapshot, MarketRow
from futtui.domain.universe import Listing
from futtui.tui.glyphs import SEPARATOR
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.names import setup_name
from futtui.tui.paint.table import Column, choose_columns, row_line
from futtui.tui.paint.text import Line, Span, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

COLUMNS = (
    Column("symbol", 10, grow=6),
    Column("watch", 12),
    Column("cause", 24, grow=60),
    Column("next", 11, ">", 1),
    Column("price", 10, ">", 2),
    Column("change", 7, ">", 3),
    Column("turnover", 7, ">", 4),
    Column("spread", 7, ">", 6),
    Column("trades_30d", 6, ">", 5),
    Column("net_30d", 7, ">", 5),
    Column("age", 5, ">", 7),
)
DAYS = 30
"""Trades of so many days are counted beside each symbol."""
Results = Mapping[str, SymbolResult]
BLOCK_COLUMNS = (Column("blocked", 26, grow=8), Column("ends", 18, rank=1), Column("cause", 24, grow=60))
STRATEGY_MARK = "@"
"""Stands in a block's name between symbol and strategy."""
_ORDER = ("blocked", "DISABLED", "stale", "FILLING", "LOADING", "NEW", "warming", "ready", "out")
_TOKENS = {"ready": "up", "blocked": "attention", "stale": "attention", "DISABLED": "attention", "out": "dim"}


@dataclass(frozen=True, slots=True)
class Watched:
    """One symbol: `state` is blocked, ready, warming, stale, NEW, LOADING, FILLING, DISABLED or out (not watched)."""

    symbol: str
    state: str
    cause: str
    row: MarketRow | None = None
    next_try_in_ms: int | None = None
    until_ms: int | None = None
    listing: Listing | None = None
    result: SymbolResult | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """One block; `until_ms` 0 = until it is taken off. An empty symbol means all of them."""

    symbol: str
    strategy: str
    until_ms: int
    reason: str

    @property
    def name(self) -> str:
        """What is blocked, for people."""
        if not self.strategy:
            return self.symbol
        if not self.symbol:
            return word("symbols.strategy_everywhere", strategy=setup_name(self.strategy))
        return word("symbols.strategy_on", strategy=setup_name(self.strategy), symbol=self.symbol)


def columns_for(width: int) -> tuple[Column, ...]:
    """The columns that fit."""
    return choose_columns(COLUMNS, width)


def results_of(report: PerformanceReport | None, mode: TradingMode) -> Results | None:
    """What trades of an account brought, by symbol; None while that is not known."""
    if report is None:
        return None
    account = report.account(mode)
    return {item.symbol: item for item in (account.symbols if account is not None else ())}


def all_symbols(snapshot: EngineSnapshot, *, by_state: bool, results: Results | None = None) -> list[Watched]:
    """Watched symbols as in the market, then those that are left out; `by_state`: what needs a look comes first."""
    found = [_watched(row, snapshot) for row in snapshot.market]
    inside = {item.symbol for item in found}
    for symbol, standing in snapshot.standings.items():
        if symbol not in inside:
            found.append(Watched(symbol, "out", standing.reason))
    nothing = None if results is None else SymbolResult("", 0, 0.0)
    found = [
        replace(item, listing=snapshot.listings.get(item.symbol), result=(results or {}).get(item.symbol, nothing))
        for item in found
    ]
    if by_state:
        found.sort(key=lambda item: (_ORDER.index(item.state), item.symbol))
    return found


def _watched(row: MarketRow, snapshot: EngineSnapshot) -> Watched:
    wait = snapshot.waits.get(row.symbol)
    due = wait.next_try_in_ms if wait else None
    block = snapshot.desk.blocked.get(row.symbol) if snapshot.desk else None
    if block is not None:
        return Watched(row.symbol, "blocked", heard(block[1]), row, due, block[0])
    if wait is not None:
        return Watched(row.symbol, wait.phase, heard(row.state_text), row, due)
    if not row.fresh:
        return Watched(row.symbol, "stale", heard(row.state_text) or word("symbols.stale_why"), row)
    if not row.ready:
        return Watched(row.symbol, "warming", heard(row.state_text), row)
    return Watched(row.symbol, "ready", heard(row.state_text), row)


def all_blocks(snapshot: EngineSnapshot) -> list[Block]:
    """Blocks of symbols, then of strategies."""
    blocked = snapshot.desk.blocked if snapshot.desk else {}
    blocks = []
    for key, (until_ms, reason) in blocked.items():
        symbol, _, strategy = key.partition(STRATEGY_MARK)
        blocks.append(Block(symbol, strategy, until_ms, reason))
    return sorted(blocks, key=lambda item: (item.strategy, item.symbol))


def version_of(item: Watched, view: View) -> tuple[object, ...]:
    """Changes whenever the line of this symbol would look different."""
    due = None if item.next_try_in_ms is None else item.next_try_in_ms // 1000
    age = numbers.age_text(item.row.age_ms) if item.row else ""
    row = item.row.version if item.row else 0
    return (item.state, item.cause, item.until_ms, due, row, age, view.stale, item.listing, item.result)


def symbol_line(item: Watched, view: View, columns: Sequence[Column], selected: bool) -> Line:
    """One symbol."""

    def cell(column: Column) -> Span:
        text, token = _cell(item, view, column.id)
        old = item.state == "out" or (view.stale and column.id in ("price", "change", "age"))
        return (text, "dim") if old else (text, token)

    return row_line(columns, cell, selected=selected, cursor=view.cursor)


def _cell(item: Watched, view: View, column: str) -> Span:
    row = item.row
    if column == "symbol":
        return item.symbol, "bold"
    if column == "watch":
        return word(f"watch.{item.state}"), _TOKENS.get(item.state, "text")
    if column == "cause":
        return heard(item.cause), "text"
    if column == "next":
        return _next(item, view)
    if column in ("turnover", "spread"):
        return _figure(item.listing, column)
    if column in ("trades_30d", "net_30d"):
        return _result(item.result, column)
    if row is None or not row.price:
        return word("value.none"), "dim"
    if column == "price":
        return numbers.price_text(row.price, row.rules), "text"
    if column == "change":
        value = row.change_24h_pct
        return numbers.signed_percent_text(value), numbers.direction_token(value)
    return numbers.age_text(row.age_ms), "muted" if row.fresh else "attention"


def _figure(listing: Listing | None, column: str) -> Span:
    value = None if listing is None else listing.quote_volume if column == "turnover" else listing.spread_pct
    if value is None:
        return word("value.none"), "dim"
    return (numbers.amount_text(value) if column == "turnover" else numbers.percent_text(value, 3)), "text"


def _result(result: SymbolResult | None, column: str) -> Span:
    if result is None:
        return word("value.none"), "dim"
    if column == "trades_30d":
        return str(result.trades), "text" if result.trades else "dim"
    if not result.trades:
        return "", "dim"
    return f"{numbers.signed_text(result.net_r, 1)}R", numbers.direction_token(result.net_r)


def _next(item: Watched, view: View) -> Span:
    if item.until_ms is not None:
        if not item.until_ms:
            return word("symbols.forever"), "muted"
        return numbers.until_text(item.until_ms, view.now_ms, view.zone), "text"
    if item.next_try_in_ms is not None:
        return word("symbols.retry", age=numbers.age_text(item.next_try_in_ms + 999)), "text"
    return "", "dim"


def summary(items: Sequence[Watched]) -> str:
    """How many there are of each state."""
    counts = Counter(item.state for item in items)
    return f" {SEPARATOR} ".join(
        word("symbols.count", n=counts[state], state=word(f"watch.{state}"))
        for state in reversed(_ORDER)
        if counts[state]
    )


def empty_lines(view: View, width: int) -> list[Line]:
    """Before there is a market."""
    text = heard(view.snapshot.phase_text) or word("symbols.empty")
    return [(), *(((f"  {part}", "muted"),) for part in wrap(text, width - 4))]


def block_columns(width: int) -> tuple[Column, ...]:
    """The columns of blocks that fit."""
    return choose_columns(BLOCK_COLUMNS, width)


def block_line(block: Block, view: View, columns: Sequence[Column], selected: bool) -> Line:
    """One block: what, until when, why."""
    left = block.until_ms - view.now_ms
    if not block.until_ms:
        ends = word("symbols.forever")
    else:
        moment = numbers.until_text(block.until_ms, view.now_ms, view.zone)
        ends = word("symbols.ends", time=moment, age=numbers.age_text(max(0, left)))
    cells = {"blocked": (block.name, "bold"), "ends": (ends, "text"), "cause": (heard(block.reason), "text")}
    return row_line(columns, cells, selected=selected, cursor=view.cursor)


def no_blocks_lines(width: int) -> list[Line]:
    """What would stand here."""
    return [((f"  {part}", "muted"),) for part in wrap(word("symbols.no_blocks"), width - 4)]
