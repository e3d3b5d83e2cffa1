"""Sends what waits in the outbox, one message after the other, for as long as Telegram takes to take them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from telegram import InputFile, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from futtui.telegram.alerts import Alert, ChartWish, Importance
from futtui.telegram.formatting import CAPTION_LIMIT, plain, split
from futtui.telegram.outbox import Outbox, Waiting

if TYPE_CHECKING:
    from telegram import Bot

log = logging.getLogger(__name__)

PAUSES_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Between tries while Telegram is out of reach; the last one repeats."""
REFUSED_PAUSE_S = 300.0
"""After Telegram refused the token or the chat: only a person can mend that."""

DrawChart = Callable[[ChartWish], Awaitable[bytes | None]]


class Sender:
    """Empties the outbox. `trouble` says why nothing goes out; empty while all is well.

    `foot` gives the last line of a message, `is_quiet` whether ordinary messages come without a sound now. A message
    whose first try got no answer is sent again with a note, because losing it would be worse than doubling it.
    """

    def __init__(
        self,
        bot: Bot,
        chat_id: int,
        outbox: Outbox,
        draw: DrawChart,
        *,
        pause_s: float,
        foot: Callable[[], str],
        is_quiet: Callable[[], bool],
        words: Callable[..., str],
        tell: Callable[[str], None],
        scale: float = 1.0,
    ) -> None:
        self._bot = bot
        self._chat_id = chat_id
        self._outbox = outbox
        self._draw = draw
        self._pause_s = pause_s
        self._foot = foot
        self._is_quiet = is_quiet
        self._words = words
        self._tell = tell
        self._scale = scale
        self._wake = asyncio.Event()
        self._failures = 0
        self.trouble = ""

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._wake.set()

    async def run(self) -> None:
        """Send for ever; returns only by being cancelled."""
        while True:
            self._wake.clear()
            waiting = self._outbox.next()
            if waiting is None:
                await self._wake.wait()
                continue
            pause = await self._try(waiting)
            if pause:
                await asyncio.sleep(pause)

    async def _try(self, waiting: Waiting) -> float:
        """One attempt; returns the seconds to wait before the next one."""
        try:
            message = await self._send(waiting)
        except RetryAfter as error:
            after = error.retry_after
            seconds = after.total_seconds() if isinstance(after, timedelta) else float(after)
            return (seconds + 0.5) * self._scale
        except (InvalidToken, Forbidden) as error:
            self._fail(f"Telegram refuses ({error.message}). Check the token and that the bot may write in the chat.")
            return REFUSED_PAUSE_S * self._scale
        except BadRequest as error:
            log.error("A message for Telegram was refused and is left out (%s): %.200r", error.message, waiting.text)
            self._outbox.give_up(waiting.number)
            return self._pause_s
        except (NetworkError, OSError) as error:
            if isinstance(error, TimedOut) and not _never_left(error):
                self._outbox.doubtful(waiting.number)
            self._fail(f"Telegram cannot be reached ({error}). Messages wait and are sent later.")
            pause = PAUSES_S[min(self._failures, len(PAUSES_S)) - 1]
            return pause * self._scale
        except TelegramError as error:
            log.error("Telegram answered something unexpected (%s)", error)
            self._outbox.give_up(waiting.number)
            return self._pause_s
        self._outbox.sent(waiting.number, message.message_id)
        self._succeed(waiting)
        return self._pause_s

    def _fail(self, text: str) -> None:
        self._failures += 1
        if not self.trouble:
            self._tell(text)
        self.trouble = text

    def _succeed(self, waiting: Waiting) -> None:
        if self.trouble:
            self._tell("Telegram is reached again.")
        self._failures, self.trouble = 0, ""
        dropped = self._outbox.take_dropped()
        if dropped:
            text = self._words("alert.dropped", n=dropped)
            self._outbox.put(Alert(f"dropped:{waiting.number}", text, waiting.time_ms, Importance.HIGH))

    async def _send(self, waiting: Waiting) -> Message:
        again = f"\n<i>{self._words('alert.second_try')}</i>" if waiting.tries else ""
        text = f"{waiting.text}{again}\n\n<i>{self._foot()}</i>"
        first = self._outbox.first_of(waiting.thread)
        common: dict[str, Any] = {
            "chat_id": self._chat_id,
            "disable_notification": self._is_quiet() and waiting.importance < Importance.HIGH,
            "reply_parameters": None if first is None else ReplyParameters(first, allow_sending_without_reply=True),
        }
        picture = await self._draw(waiting.chart) if waiting.chart is not None else None
        try:
            return await self._deliver(text, picture, common)
        except asyncio.CancelledError:  # futtui ends before the answer: it may have arrived
            self._outbox.doubtful(waiting.number)
            raise

    async def _deliver(self, text: str, picture: bytes | None, common: dict[str, Any]) -> Message:
        if picture is not None and len(text) <= CAPTION_LIMIT:
            file = InputFile(picture, filename="chart.png")
            return await _formatted(self._bot.send_photo, text, "caption", photo=file, **common)
        message: Message | None = None
        for piece in split(text):
            sent = await _formatted(self._bot.send_message, piece, "text", **common)
            message = message or sent
        assert message is not None
        if picture is not None:
            await self._bot.send_photo(
                self._chat_id,
                InputFile(picture, filename="chart.png"),
                disable_notification=True,
                reply_parameters=ReplyParameters(message.message_id, allow_sending_without_reply=True),
            )
        return message


async def _formatted(send: Callable[..., Awaitable[Message]], text: str, name: str, **values: Any) -> Message:
    """Send with markup, or without it where Telegram cannot read the markup."""
    try:
        return await send(**{name: text}, parse_mode=ParseMode.HTML, **values)
    except BadRequest as error:
        if "parse" not in error.message.lower():
            raise
        return await send(**{name: plain(text)}, **values)


def _never_left(error: TimedOut) -> bool:
    """Whether the attempt timed out before anything was sent."""
    return type(error.__cause__).__name__ in ("ConnectTimeout", "PoolTimeout")
