"""All symbols with their state and reason, and all blocks with their end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.snapshot import EngineSnapshot, MarketRow
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
    Column("age", 5, ">", 4),
)
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


def all_symbols(snapshot: EngineSnapshot, *, by_state: bool) -> list[Watched]:
    """Watched symbols as in the market, then those that are left out; `by_state`: what needs a look comes first."""
    found = [_watched(row, snapshot) for row in snapshot.market]
    inside = {item.symbol for item in found}
    for symbol, standing in snapshot.standings.items():
        if symbol not in inside:
            found.append(Watched(symbol, "out", standing.reason))
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
    return (item.state, item.cause, item.until_ms, due, item.row.version if item.row else 0, age, view.stale)


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
    if row is None or not row.price:
        return word("value.none"), "dim"
    if column == "price":
        return numbers.price_text(row.price, row.rules), "text"
    if column == "change":
        value = row.change_24h_pct
        return numbers.signed_percent_text(value), numbers.direction_token(value)
    return numbers.age_text(row.age_ms), "muted" if row.fresh else "attention"


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
