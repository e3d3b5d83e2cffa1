"""What each command and each button does: a page to show, a picture to send, or an order to the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite

from futtui.domain.errors import FuttuiError
from futtui.domain.events import BlockSymbol, ChangeMode, ClosePosition, Command, SetPaused, UnblockSymbol
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.domain.part_close import ALL_PCT, typed_percent
from futtui.domain.position import Trade, TradingMode
from futtui.domain.snapshot import EngineSnapshot, PositionView
from futtui.domain.timeframe import Timeframe
from futtui.language.catalogue import Language, Texts
from futtui.telegram.alerts import ChartWish
from futtui.telegram.closing import close_question, rows_of
from futtui.telegram.confirmations import Confirmations, Question
from futtui.telegram.formatting import age, escaped, heard
from futtui.telegram.pages import Page, Pages
from futtui.telegram.parsing import near_symbols, span_ms, symbol_in, timeframe_in
from futtui.telegram.results import Results
from futtui.telegram.source import PhoneSource

ANSWER_LIMIT_S = 15.0
TRADES_READ = 5000
MENU = ("status", "positions", "signals", "pnl", "risk", "pause", "health", "more")
"""The eight buttons, in order."""
COMMANDS = (
    *MENU[:-1],
    "resume",
    "strategies",
    "performance",
    "stats",
    "validate",
    "zones",
    "regime",
    "chart",
    "block",
    "unblock",
    "mute",
    "unmute",
    "mode",
    "close",
    "panic",
    "logs",
    "language",
    "help",
    "more",
)
"""Everything that can be typed after a slash, in the order of the help."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with words under it."""

    png: bytes
    caption: str


Answer = Page | Picture


class Commands:
    """Carries out commands of one allowed user. Raises nothing: what goes wrong is an answer in words."""

    def __init__(
        self,
        source: PhoneSource,
        texts: Callable[[], Texts],
        pages: Pages,
        results: Results,
        confirmations: Confirmations,
        draw: Callable[[ChartWish], Awaitable[bytes | None]],
        mute: Callable[[str, bool], None],
        set_language: Callable[[Language], None],
    ) -> None:
        self._source = source
        self._texts = texts
        self._pages = pages
        self._results = results
        self._confirmations = confirmations
        self._draw = draw
        self._mute = mute
        self._set_language = set_language

    async def run(self, name: str, words: Sequence[str], user_id: int) -> Answer:
        """The answer to `/name words...`."""
        on_symbol = {
            "zones": self._zones,
            "strategies": self._strategies,
            "block": self._block,
            "unblock": self._unblock,
            "mute": self._muted,
            "unmute": self._unmuted,
            "chart": self._chart,
            "close": self._close,
        }
        if name in on_symbol:
            return await self._with_symbol(name, on_symbol[name], words, user_id)
        if name == "mode":
            return await self._mode(words[0] if words else "", user_id)
        if name in ("pause", "resume"):
            return await (self._pause(True) if name == "pause" else self._resume(user_id))
        if name == "panic":
            return self._ask(Question("panic"), user_id, self._texts()("ask.panic", n=len(self._held())))
        return await self.show(name, 0)

    async def show(self, name: str, number: int) -> Answer:
        """A page by its name; `number` is the part of a long one."""
        paged = {"signals": self._pages.signals, "regime": self._pages.regime}
        plain = {
            "status": self._pages.status,
            "positions": self._pages.positions,
            "risk": self._pages.risk,
            "health": self._pages.health,
            "logs": self._pages.logs,
        }
        if name in paged:
            return paged[name](number)
        if name in plain:
            return plain[name]()
        if name in ("pnl", "stats", "performance", "validate"):
            return await self._of_trades(name)
        if name == "language":
            return self._pages.languages()
        return self._help(name)

    async def press(self, data: str, user_id: int) -> Answer:
        """The answer to a button."""
        kind, _, rest = data.partition(":")
        if kind == "page":
            name, _, number = rest.partition(":")
            return await self.show(name, int(number) if number.isdigit() else 0)
        if kind == "yes":
            nonce, _, share = rest.partition(":")
            return await self._confirmed(nonce, user_id, typed_percent(share) or ALL_PCT)
        if kind == "no":
            self._confirmations.take(rest, user_id)
            return Page(self._texts()("answer.no"))
        if kind == "do" and rest in ("pause", "resume"):
            return await (self._pause(True) if rest == "pause" else self._resume(user_id))
        if kind == "close":
            return self._ask_close(rest, user_id)
        if kind == "mode":
            return await self._mode(rest, user_id)
        if kind == "lang" and rest in [each.value for each in Language]:
            self._set_language(Language(rest))
            return Page(self._texts()("language.set"))
        if kind == "chart":
            symbol, _, code = rest.partition(":")
            return await self._chart(symbol, [code], user_id)
        return Page(self._texts()("answer.expired"))

    @staticmethod
    def acts_at_once(data: str) -> bool:
        """Whether a button changes something without a question first, other than to make futtui more careful."""
        return data == "do:resume" or data.startswith("mode:")

    def asked_anew(self, data: str, age_s: float) -> Page:
        """Instead of what an old button says: that nothing was done, and a fresh button."""
        texts = self._texts()
        fresh = self._pages.modes() if data.startswith("mode:") else self._pages.pause(paused=self._is_paused())
        text = (
            texts("answer.old_button", age=age(texts, age_s * 1000.0)) if isfinite(age_s) else texts("answer.expired")
        )
        return Page(f"{text}\n\n{fresh.text}", fresh.buttons)

    # --- what needs a symbol ------------------------------------------------------------------------------------

    async def _with_symbol(
        self,
        name: str,
        run: Callable[[str, Sequence[str], int], Awaitable[Answer]],
        words: Sequence[str],
        user_id: int,
    ) -> Answer:
        texts, known = self._texts(), [row.symbol for row in self._now().market]
        if not words:
            return Page(texts("answer.which_symbol", example=f"/{name} {known[0] if known else 'BTCUSDT'}"))
        blocked = list(self._now().desk.blocked) if self._now().desk is not None else []  # type: ignore[union-attr]
        symbol = symbol_in(words[0], [*known, *blocked, *(each.symbol for each in self._held())])
        if symbol is None:
            near = near_symbols(words[0], known)
            hint = texts("answer.hint", symbols=", ".join(near)) if near else ""
            return Page(texts("answer.no_symbol", symbol=escaped(words[0].upper()[:40]), hint=hint))
        return await run(symbol, words[1:], user_id)

    async def _zones(self, symbol: str, _: Sequence[str], __: int) -> Answer:
        return self._pages.zones(symbol)

    async def _strategies(self, symbol: str, _: Sequence[str], __: int) -> Answer:
        return self._pages.strategies(symbol)

    async def _block(self, symbol: str, words: Sequence[str], _: int) -> Answer:
        span = span_ms(words[0]) if words else 0
        if span is None:
            return Page(self._texts()("answer.bad_time"))
        now_ms = self._source.exchange_time_ms()
        return await self._send(BlockSymbol(now_ms, symbol, now_ms + span if span else 0))

    async def _unblock(self, symbol: str, _: Sequence[str], __: int) -> Answer:
        return await self._send(UnblockSymbol(self._source.exchange_time_ms(), symbol))

    async def _muted(self, symbol: str, _: Sequence[str], __: int) -> Answer:
        self._mute(symbol, True)
        return Page(self._texts()("mute.on", symbol=symbol))

    async def _unmuted(self, symbol: str, _: Sequence[str], __: int) -> Answer:
        self._mute(symbol, False)
        return Page(self._texts()("mute.off", symbol=symbol))

    async def _chart(self, symbol: str, words: Sequence[str], _: int) -> Answer:
        timeframe = timeframe_in(words[0]) if words else Timeframe.M15
        if timeframe is None:
            return Page(self._texts()("answer.bad_frame"))
        if not await asyncio.to_thread(self._source.candles, symbol, timeframe, 1):
            return Page(self._texts()("chart.none", symbol=symbol, frame=timeframe.code))
        picture = await self._draw(ChartWish(symbol, timeframe.code))
        if picture is None:
            return Page(self._texts()("chart.failed"))
        return Picture(picture, self._pages.chart_caption(symbol, timeframe))

    async def _close(self, symbol: str, words: Sequence[str], user_id: int) -> Answer:
        held = next((each for each in self._held() if each.symbol == symbol), None)
        if held is None:
            return Page(self._texts()("answer.not_open", symbol=symbol))
        percent = typed_percent(words[0]) if words else None
        if words and not percent:
            return Page(self._texts()("answer.bad_share", symbol=symbol.removesuffix("USDT")))
        return self._ask_close(held.position_id, user_id, percent)

    # --- what moves money or mode -------------------------------------------------------------------------------

    def _ask_close(self, position_id: str, user_id: int, percent: Decimal | None = None) -> Page:
        held = next((each for each in self._held() if each.position_id == position_id), None)
        if held is None:
            return Page(self._texts()("answer.expired"))
        rules = next((row.rules for row in self._now().market if row.symbol == held.symbol), None)
        asked = close_question(self._texts(), held, rules, percent)
        nonce = self._confirmations.ask(Question("close", position_id), user_id)
        return Page(asked.text, rows_of(asked, nonce, self._texts()("button.no")))

    def _ask(self, question: Question, user_id: int, text: str) -> Page:
        nonce, texts = self._confirmations.ask(question, user_id), self._texts()
        return Page(text, (((texts("button.yes"), f"yes:{nonce}"), (texts("button.no"), f"no:{nonce}")),))

    async def _confirmed(self, nonce: str, user_id: int, percent: Decimal) -> Page:
        question = self._confirmations.take(nonce, user_id)
        if question is None:
            return Page(self._texts()("answer.expired"))
        now_ms = self._source.exchange_time_ms()
        if question.action == "close":
            return await self._send(ClosePosition(now_ms, question.subject, percent))
        if question.action == "live":
            return await self._send(ChangeMode(now_ms, TradingMode.LIVE))
        if question.action == "resume":
            return await self._pause(False)
        return await self._panic(now_ms)

    async def _panic(self, now_ms: int) -> Page:
        """The kill switch: everything is closed at market, and no trade follows until it is re-armed on the PC."""
        count = len(self._held())
        answer = await self._send(KillSwitch(now_ms, KillLevel.FLATTEN, "by you, from the phone"))
        return answer if isinstance(answer, _Refused) else Page(self._texts()("answer.panic", n=count))

    async def _mode(self, name: str, user_id: int) -> Page:
        mode = next((each for each in TradingMode if each.value == name.upper()), None)
        if mode is None or mode is TradingMode.INFO:
            return self._pages.modes()
        if mode is TradingMode.LIVE:
            return self._ask(Question("live"), user_id, self._texts()("ask.live"))
        return await self._send(ChangeMode(self._source.exchange_time_ms(), mode))

    async def _resume(self, user_id: int) -> Page:
        """New trades go on; asked first where a limit, an event outside or the kill switch stopped them."""
        desk = self._now().desk
        if desk is None or not desk.resuming_asks:
            return await self._pause(False)
        texts = self._texts()
        return self._ask(Question("resume"), user_id, texts("ask.resume", reason=heard(texts, desk.pause_reason)))

    async def _pause(self, paused: bool) -> Page:
        answer = await self._send(SetPaused(self._source.exchange_time_ms(), paused))
        if isinstance(answer, _Refused):
            return answer
        return self._pages.pause(paused)

    async def _send(self, command: Command) -> Page:
        """Hand a command to the engine and wait for its sentence."""
        texts = self._texts()
        try:
            text = await asyncio.wait_for(asyncio.wrap_future(self._source.send(command)), ANSWER_LIMIT_S)
        except FuttuiError as error:
            return _Refused(texts("answer.refused", text=heard(texts, str(error))))
        except TimeoutError:
            return _Refused(texts("answer.starting"))
        return Page(texts("answer.done", text=heard(texts, text)))

    # --- pages that read the database ---------------------------------------------------------------------------

    async def _of_trades(self, name: str) -> Page:
        trades = list(await asyncio.to_thread(self._source.trades, TRADES_READ))
        mode = self._mode_now()
        if name == "pnl":
            return self._results.profit(trades, self._pages.last_trades(trades, mode), mode)
        make: dict[str, Callable[[Sequence[Trade]], Page]] = {
            "stats": self._results.totals,
            "performance": self._results.performance,
            "validate": self._results.validate,
        }
        return await asyncio.to_thread(make[name], trades)

    def _help(self, name: str) -> Page:
        texts = self._texts()
        lines = [texts("more.title" if name == "more" else "help.title"), texts("help.text"), ""]
        lines += [f"/{command} - {texts(f'help.{command}')}" for command in COMMANDS]
        return Page("\n".join(lines))

    def _now(self) -> EngineSnapshot:
        return self._source.snapshot()

    def _mode_now(self) -> TradingMode:
        now = self._now()
        return now.desk.mode if now.desk is not None else now.start_mode

    def _is_paused(self) -> bool:
        desk = self._now().desk
        return desk is not None and desk.paused

    def _held(self) -> list[PositionView]:
        desk = self._now().desk
        return [each for each in (desk.positions if desk is not None else ()) if each.mode is not TradingMode.INFO]


@dataclass(frozen=True, slots=True)
class _Refused(Page):
    """The engine said no."""
