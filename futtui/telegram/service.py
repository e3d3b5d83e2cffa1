"""The bot on a thread of its own: the engine hands over what it did and never waits for Telegram."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from telegram.error import Conflict, InvalidToken, TelegramError

from futtui.domain.effects import Effect, Say
from futtui.domain.health import PhoneHealth
from futtui.domain.snapshot import EngineSnapshot
from futtui.domain.symbols import SymbolRules
from futtui.language.catalogue import Language, Texts
from futtui.live.candle_chart import ChartData
from futtui.telegram.alerts import Alert, AlertMaker, ChartWish, Importance
from futtui.telegram.bot import ALLOWED_UPDATES, PHONE_APPLICATION, PhoneBot, make_application
from futtui.telegram.chart_data import chart_data
from futtui.telegram.charts import ChartMaker
from futtui.telegram.commands import TRADES_READ, Commands
from futtui.telegram.confirmations import Confirmations
from futtui.telegram.formatting import clock, foot
from futtui.telegram.gate import Gate
from futtui.telegram.outbox import Outbox
from futtui.telegram.pages import Pages
from futtui.telegram.results import Results
from futtui.telegram.sender import Sender
from futtui.telegram.settings import TelegramSettings
from futtui.telegram.source import PhoneSource

log = logging.getLogger(__name__)

INBOX_LIMIT = 20_000
"""News of the engine that the bot's thread has not looked at yet."""
RESTART_PAUSES_S = (2.0, 5.0, 15.0, 60.0)
STOP_LIMIT_S = 5.0
SUMMARY_LOOK_S = 20.0


class TelegramService:
    """Start it, give it a source, tell it the engine's effects and lines; stop it at the end.

    `on_effect` and `on_line` may be called from any thread and return at once.
    """

    def __init__(self, settings: TelegramSettings, token: str, path: Path, zone: tzinfo, *, pace: float = 1.0) -> None:
        self._settings = settings
        self._token = token
        self._path = path
        self._zone = zone
        self._pace = pace
        self._inbox: deque[Effect | Say] = deque(maxlen=INBOX_LIMIT)
        self._source: PhoneSource | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self._news: asyncio.Event | None = None
        self._texts = Texts(settings.language)
        self._charts = ChartMaker()
        self._outbox: Outbox
        self._maker: AlertMaker
        self._sender: Sender | None = None
        self._complaint = ""

    # --- the engine's side --------------------------------------------------------------------------------------

    def start(self, source: PhoneSource) -> None:
        """Begin to talk to Telegram, on a thread of its own."""
        self._source = source
        self._thread = threading.Thread(target=self._run, name="telegram", daemon=True)
        self._thread.start()

    def on_effect(self, effect: Effect) -> None:
        """The desk did something."""
        self._take(effect)

    def on_line(self, line: Say) -> None:
        """The engine said something."""
        self._take(line)

    def health(self) -> PhoneHealth:
        """How the bot is doing; may be asked from any thread."""
        sender, complaint = self._sender, self._complaint
        trouble = complaint or (sender.trouble if sender is not None else "")
        if trouble:
            return PhoneHealth("TROUBLE", trouble)
        return PhoneHealth("STARTING" if sender is None else "REACHED")

    def stop(self) -> None:
        """End the bot; what waits is sent at the next start."""
        loop, stop, thread = self._loop, self._stop, self._thread
        if loop is not None and stop is not None:
            with contextlib.suppress(RuntimeError):  # its loop has ended by itself
                loop.call_soon_threadsafe(stop.set)
        if thread is not None:
            thread.join(STOP_LIMIT_S)
        self._charts.close()

    def _take(self, news: Effect | Say) -> None:
        self._inbox.append(news)
        loop, event = self._loop, self._news
        if loop is not None and event is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(event.set)

    # --- the bot's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception:
            log.exception("The Telegram bot ended because of an error")
            self._say("Telegram is off because of an error; it is in the log. futtui works on without it.")

    async def _main(self) -> None:
        self._loop, self._stop, self._news = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        self._outbox = Outbox(self._path, self._settings.outbox_limit)
        self._maker = AlertMaker(self.texts, self._settings, self._zone, self._rules, self._outbox.knows)
        language = self._outbox.fact("language")
        if language in [each.value for each in Language]:
            self._texts = Texts(Language(language))
        parts = (self._take_news, self._summaries, self._serve_forever)
        work = [asyncio.create_task(self._lasting(part)) for part in parts]
        try:
            await self._stop.wait()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            self._make_alerts()
            self._outbox.close()

    async def _lasting(self, part: Callable[[], Awaitable[None]]) -> None:
        """Do a part of the work; a mistake in it must not leave the phone silent for the rest of the run."""
        while True:
            try:
                return await part()
            except Exception:
                log.exception("A part of the Telegram bot failed and is begun again")
            await asyncio.sleep(RESTART_PAUSES_S[0] * self._pace)

    async def _serve_forever(self) -> None:
        """Serve; after a failure begin again, ever more patiently."""
        attempt = 0
        while True:
            try:
                await self._serve()
            except InvalidToken:
                self._complain(
                    "Telegram does not know this token. Get one from @BotFather and run `futtui telegram setup`."
                )
            except (TelegramError, OSError) as error:
                self._complain(f"Telegram cannot be reached ({error}). Messages wait and are sent later.")
            except Exception:
                log.exception("The Telegram bot failed and is started again")
            pause = RESTART_PAUSES_S[min(attempt, len(RESTART_PAUSES_S) - 1)]
            attempt += 1
            await asyncio.sleep(pause * self._pace)

    async def _serve(self) -> None:
        """Poll and send until something fails for good."""
        application = make_application(self._token, self._settings.base_url)
        bot = self._make_bot()
        bot.attach(application)
        async with application:  # asks Telegram who we are
            if self._complaint:
                self._say("Telegram is reached.")
                self._complaint = ""
            self._sender = self._make_sender(application)
            await application.start()
            assert application.updater is not None
            await application.updater.start_polling(
                timeout=timedelta(seconds=10),
                bootstrap_retries=-1,
                allowed_updates=ALLOWED_UPDATES,
                error_callback=self._on_polling_error,
            )
            try:
                with contextlib.suppress(TelegramError):  # only the menu of commands would be missing
                    await bot.introduce(application)
                await self._sender.run()
            finally:
                self._sender = None
                await application.updater.stop()
                await application.stop()

    def _make_bot(self) -> PhoneBot:
        source = self._need_source()
        pages = Pages(self.texts, self._zone, source.snapshot, lambda: self._outbox.waiting)
        commands = Commands(
            source,
            self.texts,
            pages,
            Results(self.texts, source.snapshot),
            Confirmations(self._settings.confirm_s, time.monotonic),
            self._draw,
            self._mute,
            self._set_language,
        )
        return PhoneBot(commands, Gate(self._settings), self.texts)

    def _make_sender(self, application: PHONE_APPLICATION) -> Sender:
        return Sender(
            application.bot,
            self._settings.chat_id,
            self._outbox,
            self._draw,
            pause_s=self._settings.send_pause_s,
            foot=lambda: foot(self._texts, self._snapshot()),
            is_quiet=self._is_quiet,
            words=lambda key, **values: self._texts(key, **values),
            tell=self._say,
            scale=self._pace,
        )

    def _on_polling_error(self, error: TelegramError) -> None:
        if isinstance(error, Conflict):
            self._complain(
                "Another program reads this bot's messages (409 Conflict): two copies of futtui, or an old one on "
                "another PC. Stop it, or make a second bot with @BotFather. Alerts still go out."
            )
        else:
            self._complain(f"Telegram cannot be reached ({error}). Messages wait and are sent later.")

    # --- alerts -------------------------------------------------------------------------------------------------

    async def _take_news(self) -> None:
        assert self._news is not None
        while True:
            self._news.clear()
            self._make_alerts()
            await self._news.wait()

    def _make_alerts(self) -> None:
        """Turn everything in the inbox into messages. A mistake costs only the news that met it."""
        maker, muted = self._maker, set(self._outbox.fact("muted").split())
        while self._inbox:
            news = self._inbox.popleft()
            try:
                alerts = maker.on_line(news) if isinstance(news, Say) else maker.on_effect(news)
                if alerts and _symbol_of(news) in muted:
                    alerts = [alert for alert in alerts if alert.importance is Importance.HIGH]
                for alert in alerts:
                    self._outbox.put(alert)
            except Exception:
                log.exception("No message could be made of: %.200r", news)
        if self._sender is not None:
            self._sender.wake()

    async def _summaries(self) -> None:
        """Once a day at the chosen hour; a day is never told twice, even after a restart."""
        if self._settings.summary_hour < 0:
            return
        while True:
            now_ms = self._need_source().exchange_time_ms()
            due_ms = last_hour_ms(now_ms, self._settings.summary_hour, self._zone)
            told = self._outbox.fact("summary")
            if not told:
                self._outbox.set_fact("summary", str(due_ms))  # the first start is no occasion
            elif int(told) < due_ms and self._snapshot().desk is not None:
                trades = await asyncio.to_thread(self._need_source().trades, TRADES_READ)
                text = Results(self.texts, self._snapshot).summary(trades, due_ms, clock(due_ms, self._zone))
                self._outbox.put(Alert(f"summary:{due_ms}", text, due_ms))
                self._outbox.set_fact("summary", str(due_ms))
                if self._sender is not None:
                    self._sender.wake()
            await asyncio.sleep(SUMMARY_LOOK_S * self._pace)

    # --- small things -------------------------------------------------------------------------------------------

    def texts(self) -> Texts:
        """The texts in the language chosen last."""
        return self._texts

    def _set_language(self, language: Language) -> None:
        self._texts = Texts(language)
        self._outbox.set_fact("language", language.value)

    def _mute(self, symbol: str, muted: bool) -> None:
        symbols = set(self._outbox.fact("muted").split())
        self._outbox.set_fact("muted", " ".join(sorted(symbols | {symbol} if muted else symbols - {symbol})))

    async def _draw(self, wish: ChartWish) -> bytes | None:
        source = self._need_source()
        data: ChartData | None = await asyncio.to_thread(chart_data, wish, source.snapshot(), source.candles)
        return None if data is None else await self._charts.png(data)

    def _is_quiet(self) -> bool:
        start, end = self._settings.quiet_from_hour, self._settings.quiet_to_hour
        hour = datetime.fromtimestamp(self._need_source().exchange_time_ms() / 1000, self._zone).hour
        return start <= hour < end if start <= end else hour >= start or hour < end

    def _rules(self, symbol: str) -> SymbolRules | None:
        return next((row.rules for row in self._snapshot().market if row.symbol == symbol), None)

    def _snapshot(self) -> EngineSnapshot:
        return self._need_source().snapshot()

    def _need_source(self) -> PhoneSource:
        assert self._source is not None
        return self._source

    def _complain(self, text: str) -> None:
        """Say what is wrong, once until it is mended."""
        kind = text.partition("(")[0]
        if kind != self._complaint:
            self._complaint = kind
            self._say(text)

    def _say(self, text: str) -> None:
        log.warning("%s", text)
        with contextlib.suppress(RuntimeError):  # the engine's loop has ended
            self._need_source().say(text)


def last_hour_ms(now_ms: int, hour: int, zone: tzinfo) -> int:
    """The newest moment, not after `now_ms`, at which clocks in `zone` showed `hour` o'clock."""
    local = datetime.fromtimestamp(now_ms / 1000, zone)
    due = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    due_ms = int(due.timestamp() * 1000)
    return due_ms if due_ms <= now_ms else int((due - timedelta(days=1)).timestamp() * 1000)


def _symbol_of(news: Effect | Say) -> str:
    for name in ("signal", "position", "trade"):
        inner = getattr(news, name, None)
        if inner is not None:
            raw = getattr(inner, "raw", inner)
            return str(raw.symbol)
    return str(getattr(news, "symbol", ""))
