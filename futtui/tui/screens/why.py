"""Why there are no signals: of all symbols or of one, over one day or more."""

from __future__ import annotations

from futtui.domain.silence import WhyNoSignals
from futtui.domain.timeframe import DAY_MS
from futtui.tui import keys
from futtui.tui.answers import Answer
from futtui.tui.paint import why
from futtui.tui.paint.details import Box, Detail, LineMaker
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.detail import DetailScreen
from futtui.tui.widgets.bars import Trail
from futtui.tui.words import word

PERIODS_DAYS = (1, 3, 7, 30)


class WhyScreen(DetailScreen):
    """What stood against signals; `symbol` "" = all, one key away from the symbol that is marked in the market."""

    BINDINGS = keys.bindings("period", "why")
    footer_context = "why"
    place_name = "why"

    def __init__(self, symbol: str) -> None:
        self._other = symbol
        self._period = 0
        self.answer: Answer[WhyNoSignals] = Answer()
        boxes = (
            Box("short", word("why.box.short"), self._with(why.short_lines)),
            Box("nearly", word("why.box.nearly"), self._with(why.nearly_lines)),
            Box("refusals", word("why.box.refusals"), self._with(why.refusal_lines)),
            Box("silences", word("why.box.silences"), self._with(why.silence_lines)),
        )
        super().__init__(Detail((word("trail.dashboard"), word("why.title")), boxes, symbol=symbol))

    @property
    def help_place(self) -> str:
        """Which help fits here."""
        return self.place_name

    def trail_names(self) -> tuple[str, ...]:
        """The way to this place: of which symbol, and over which time."""
        where = self.detail.symbol or word("why.all_symbols")
        return (*self.detail.trail, where, word(f"why.days.{PERIODS_DAYS[self._period]}"))

    def _with(self, painter: why.Painter) -> LineMaker:
        def lines(view: View, width: int) -> list[Line]:
            return painter(self.look, view, width)

        return lines

    @property
    def look(self) -> why.WhyLook:
        """What the painters need."""
        days = PERIODS_DAYS[self._period]
        return why.WhyLook(self.detail.symbol, days, self.answer.value, self.answer.trouble)

    def pulse(self, view: View) -> None:
        """Asks for what is shown, then hands the view to the boxes."""
        symbol = self.detail.symbol
        since_ms = view.now_ms // DAY_MS * DAY_MS - (PERIODS_DAYS[self._period] - 1) * DAY_MS
        engine = self.futtui.engine
        self.answer.look((symbol, since_ms), lambda: engine.why_no_signals(symbol, since_ms))
        for trail in self.query(Trail):
            trail.names = self.trail_names()
        super().pulse(view)

    def show_symbol(self, symbol: str) -> None:
        """What stood against signals of another symbol; "" = of all."""
        self.detail = Detail(self.detail.trail, self.detail.boxes, symbol=symbol)
        self.look_again()

    def action_toggle_all(self) -> None:
        """All symbols, or the one that was chosen."""
        if self.detail.symbol:
            self._other = self.detail.symbol
            self.show_symbol("")
        elif self._other or self.futtui.store.symbol:
            self.show_symbol(self._other or self.futtui.store.symbol)
        else:
            self.futtui.flash(word("why.no_symbol"), "attention")

    def action_neighbour(self, step: int) -> None:
        """The next or previous symbol of the market list."""
        symbols = [row.symbol for row in self.view.snapshot.market] if self.view else []
        if not symbols:
            return
        at = symbols.index(self.detail.symbol) + step if self.detail.symbol in symbols else (0 if step > 0 else -1)
        self.show_symbol(symbols[at % len(symbols)])

    def action_period(self, step: int) -> None:
        """A shorter or longer time."""
        self._period = max(0, min(len(PERIODS_DAYS) - 1, self._period + step))
        self.look_again()
