"""All symbols with their state, all blocks with their end; blocking and unblocking."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import ComposeResult

from futtui.domain.events import UnblockSymbol
from futtui.domain.performance import PerformanceReport
from futtui.tui import keys
from futtui.tui.answers import Answer
from futtui.tui.messages import RowOpened
from futtui.tui.paint import symbols as paint
from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.names import setup_name
from futtui.tui.paint.table import head_line
from futtui.tui.paint.view import View
from futtui.tui.screens.block_form import BlockForm
from futtui.tui.screens.dialog import Choice, MenuDialog
from futtui.tui.screens.find import FindScreen
from futtui.tui.screens.page import PAGE_BINDINGS, PageScreen
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, LazyRows, Row, Rows, fixed_rows
from futtui.tui.words import word

BEATS_BETWEEN = 300
"""Beats between two questions for the results of trades: a minute."""
MENU_KEYS = "1234567890"


class WatchedPanel(LivePanel):
    """One row per symbol, watched or left out."""

    name_id = "watched"

    def __init__(self) -> None:
        super().__init__(id="watched", classes="panel")
        self.by_state = True
        self.answer: Answer[PerformanceReport] = Answer(BEATS_BETWEEN)
        self._items: list[paint.Watched] = []

    def content(self, view: View, width: int, height: int) -> Content:
        """Headings stay, symbols scroll."""
        results = paint.results_of(self.answer.value, view.mode)
        self._items = paint.all_symbols(view.snapshot, by_state=self.by_state, results=results)
        if not self._items:
            return Content(Rows(fixed_rows("empty", paint.empty_lines(view, width))))
        columns = paint.columns_for(width)

        def row_of(item: paint.Watched) -> Row:
            return Row(item.symbol, paint.version_of(item, view), partial(paint.symbol_line, item, view, columns))

        body = LazyRows(self._items, lambda item: item.symbol, row_of)
        return Content(body, head=fixed_rows("head", [head_line(columns)]))

    @property
    def symbols(self) -> tuple[str, ...]:
        """All of them, in the order shown."""
        return tuple(item.symbol for item in self._items)

    def title(self, view: View) -> str:
        """What this is."""
        return word("trail.symbols")

    def subtitle(self, view: View) -> str:
        """Counts by state."""
        return paint.summary(self._items)


class BlocksPanel(LivePanel):
    """One row per block."""

    name_id = "blocks"

    def __init__(self) -> None:
        super().__init__(id="blocks", classes="panel")
        self.blocks: list[paint.Block] = []

    def content(self, view: View, width: int, height: int) -> Content:
        """Headings stay, blocks scroll."""
        self.blocks = paint.all_blocks(view.snapshot)
        if not self.blocks:
            return Content(Rows(fixed_rows("empty", paint.no_blocks_lines(width))))
        columns = paint.block_columns(width)

        def row_of(block: paint.Block) -> Row:
            version = (block, view.now_ms // 60_000, width)
            return Row((block.symbol, block.strategy), version, partial(paint.block_line, block, view, columns))

        body = LazyRows(self.blocks, lambda block: (block.symbol, block.strategy), row_of)
        return Content(body, head=fixed_rows("head", [head_line(columns)]))

    def marked(self) -> paint.Block | None:
        """The block under the marker."""
        return next((item for item in self.blocks if (item.symbol, item.strategy) == self.cursor_key), None)

    def title(self, view: View) -> str:
        """What this is."""
        return word("symbols.blocks")


class SymbolsScreen(PageScreen):
    """Symbols above, blocks below."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS, "row", "to_chart", "symbols")
    AUTO_FOCUS = "#watched"
    place_name = "symbols"

    def body(self) -> ComposeResult:
        """Two lists."""
        yield WatchedPanel()
        yield BlocksPanel()

    def on_mount(self) -> None:
        """Begins at the symbol that is marked in the market."""
        self.watched, self.blocks = self.query_one(WatchedPanel), self.query_one(BlocksPanel)
        if self.futtui.store.symbol:
            self.watched.begin_at(self.futtui.store.symbol)
        super().on_mount()

    def pulse(self, view: View) -> None:
        """Asks what trades on each symbol brought, then hands the view on."""
        if self.watchers:
            self.watched.answer.look(paint.DAYS, lambda: self.futtui.engine.performance(paint.DAYS))
        super().pulse(view)

    def _symbol(self) -> str:
        """The symbol that keys act on."""
        if self.focused is self.blocks:
            marked = self.blocks.marked()
            return marked.symbol if marked else ""
        return str(self.watched.cursor_key or "")

    def action_other_side(self) -> None:
        """From the symbols to the blocks and back."""
        (self.watched if self.focused is self.blocks else self.blocks).focus()
        self.call_after_refresh(self.look_again)

    def action_sort(self) -> None:
        """By state or as in the market."""
        self.watched.by_state = not self.watched.by_state
        self.look_again()

    def action_find_symbol(self) -> None:
        """Asks for a part of a name and goes there."""

        def found(symbol: str | None) -> None:
            if symbol:
                self.watched.focus()
                self.watched.select_key(symbol)

        self.app.push_screen(FindScreen(self.watched.symbols), found)

    def action_chart(self) -> None:
        """Opens the chart of the marked symbol."""
        symbol = self._symbol()
        view = self.view
        known = view is not None and symbol in view.by_symbol
        self.futtui.open_chart([Subject(symbol if known else "")], 0, self.trail_names(), self.futtui.usual_frame)

    @on(RowOpened)
    def _opened(self, message: RowOpened) -> None:
        from futtui.tui.paint.symbol_detail import symbol_detail
        from futtui.tui.screens.detail import DetailScreen

        symbol = self._symbol()
        if self.view is not None and symbol in self.view.by_symbol:
            self.app.push_screen(DetailScreen(symbol_detail(symbol, (*self.trail_names(), symbol))))
        elif symbol:
            self.futtui.flash(word("symbols.not_watched", symbol=symbol), "attention")
            self.look_again()

    # Blocks

    def action_block(self) -> None:
        """Asks for how long and why, then blocks the marked symbol."""
        symbol = self._symbol()
        if self.view is None or symbol not in self.view.by_symbol:
            self.futtui.flash(word("block.no_symbol"), "attention")
            self.look_again()
            return
        self.app.push_screen(BlockForm(self.view, symbol), self.futtui.send_if)

    def action_block_strategy(self) -> None:
        """Asks for a strategy, where, how long and why."""
        view = self.view
        names = sorted({item.strategy for found in view.snapshot.verdicts.values() for item in found} if view else ())
        if not names or view is None:
            self.futtui.flash(word("symbols.no_strategies"), "attention")
            self.look_again()
            return
        choices = [
            Choice(MENU_KEYS[at] if at < len(MENU_KEYS) else " ", setup_name(name), "", name)
            for at, name in enumerate(names)
        ]
        symbol = self._symbol()

        def where(strategy: str | None) -> None:
            if strategy is not None:
                self._ask_where(view, strategy, symbol)

        self.app.push_screen(
            MenuDialog(word("symbols.which_strategy"), [word("symbols.strategy_what")], choices), where
        )

    def _ask_where(self, view: View, strategy: str, symbol: str) -> None:
        def form(where: str | None) -> None:
            if where is not None:
                self.app.push_screen(BlockForm(view, where, strategy), self.futtui.send_if)

        if symbol not in view.by_symbol:
            form("")
            return
        choices = [
            Choice("1", word("symbols.only_on", symbol=symbol), "", symbol),
            Choice("2", word("symbols.everywhere"), "", ""),
        ]
        self.app.push_screen(MenuDialog(setup_name(strategy), [word("symbols.where")], choices), form)

    def action_unblock(self) -> None:
        """Takes the marked block off, or the block of the marked symbol."""
        found = self.blocks.marked() if self.focused is self.blocks else None
        if self.focused is not self.blocks:
            symbol = self._symbol()
            found = next((item for item in self.blocks.blocks if item.symbol == symbol and not item.strategy), None)
        if found is None:
            self.futtui.flash(word("symbols.nothing_blocked"), "attention")
            self.look_again()
            return
        self.futtui.send(UnblockSymbol(self.futtui.engine.exchange_time_ms(), found.symbol, found.strategy))
