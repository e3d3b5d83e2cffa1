"""The bot itself: python-telegram-bot's application with our guard in front and our commands behind."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from telegram import (
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    Message,
    ReplyKeyboardMarkup,
    Update,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest
from telegram.ext import (
    Application,
    ApplicationBuilder,
    ApplicationHandlerStop,
    CallbackQueryHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)
from telegram.request import HTTPXRequest

from futtui.language.catalogue import TABLES, Texts
from futtui.telegram.commands import COMMANDS, MENU, Answer, Commands, Picture
from futtui.telegram.formatting import age, split
from futtui.telegram.gate import Gate
from futtui.telegram.pages import Buttons, Page

log = logging.getLogger(__name__)

PHONE_APPLICATION = Application[Any, Any, Any, Any, Any, Any]
STALE_ANSWERS_PAUSE_S = 60.0
ALLOWED_UPDATES = ["message", "callback_query"]


def make_application(token: str, base_url: str) -> PHONE_APPLICATION:
    """An application that is not started yet; `base_url` empty = Telegram's own address."""
    builder = ApplicationBuilder().token(token)
    if base_url:
        builder = builder.base_url(f"{base_url.rstrip('/')}/bot")
    request = HTTPXRequest(connection_pool_size=8, connect_timeout=10.0, read_timeout=20.0, media_write_timeout=40.0)
    polling = HTTPXRequest(connection_pool_size=2, connect_timeout=10.0, read_timeout=15.0)
    return builder.request(request).get_updates_request(polling).build()


class PhoneBot:
    """Answers allowed users. Handlers never raise: what fails is logged and told in one sentence."""

    def __init__(self, commands: Commands, gate: Gate, texts: Callable[[], Texts]) -> None:
        self._commands = commands
        self._gate = gate
        self._texts = texts
        self._stale_told: datetime | None = None
        self._labels = {
            table[f"button.{name}"].lower(): name for table in TABLES.values() for name in MENU
        }  # a keyboard stays on the phone after the language changed

    def attach(self, application: PHONE_APPLICATION) -> None:
        """Put the handlers in."""
        application.add_handler(TypeHandler(Update, self._guard), group=-1)
        application.add_handler(CallbackQueryHandler(self._on_press))
        application.add_handler(MessageHandler(filters.TEXT, self._on_text))
        application.add_error_handler(self._on_error)

    async def introduce(self, application: PHONE_APPLICATION) -> None:
        """Tell Telegram the commands, for its menu."""
        texts = self._texts()
        known = [BotCommand(name, texts(f"help.{name}")[:256]) for name in COMMANDS]
        await application.bot.set_my_commands(known)

    # --- handlers -----------------------------------------------------------------------------------------------

    async def _guard(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        chat, user = update.effective_chat, update.effective_user
        known = self._gate.is_known(chat.id if chat else None, user.id if user else None)
        if not known or not self._gate.is_new(update.update_id):
            raise ApplicationHandlerStop

    async def _on_text(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message, user = update.effective_message, update.effective_user
        if message is None or user is None or not message.text:
            return
        name, words = self._read(message.text)
        age_s = (datetime.now(UTC) - message.date).total_seconds()
        if self._gate.is_stale(name, age_s):
            await self._refuse_stale(message, age_s)
        elif name in ("start", "menu"):
            await self._show(message, await self._commands.run("help", (), user.id), keyboard=True)
        elif name not in COMMANDS:
            await self._show(message, Page(self._texts()("answer.unknown")), keyboard=True)
        else:
            await self._show(message, await self._commands.run(name, words, user.id), keyboard=name == "help")

    async def _on_press(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        query, user = update.callback_query, update.effective_user
        if query is None or user is None:
            return
        data, message = query.data or "", query.message
        try:
            await query.answer()
            in_time = True
        except BadRequest:
            log.info("A button was answered too late for Telegram's own sign")
            in_time = False
        written = (message.edit_date or message.date) if isinstance(message, Message) else None
        age_s = (datetime.now(UTC) - written).total_seconds() if written is not None else math.inf
        if Commands.acts_at_once(data) and (not in_time or self._gate.is_old_button(age_s)):
            answer: Answer = self._commands.asked_anew(data, age_s)
        else:
            answer = await self._commands.press(data, user.id)
        if not isinstance(message, Message):
            return
        if isinstance(answer, Page) and data.partition(":")[0] != "chart":
            await self._edit(message, answer)
        else:
            await self._show(message, answer)

    async def _on_error(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        log.error("A message from the phone could not be handled", exc_info=context.error)
        message = update.effective_message if isinstance(update, Update) else None
        if message is not None:
            try:
                await message.reply_text(self._texts()("answer.failed"))
            except Exception:
                log.info("The failure could not be told either")

    # --- answers ------------------------------------------------------------------------------------------------

    def _read(self, text: str) -> tuple[str, list[str]]:
        """Command and words of a text; buttons under the keyboard are commands too."""
        named = self._labels.get(text.strip().lower())
        if named is not None:
            return named, []
        first, *words = text.split()
        if not first.startswith("/"):
            return "", words
        return first[1:].partition("@")[0].lower(), words

    async def _refuse_stale(self, message: Message, age_s: float) -> None:
        """Said once for a row of old commands, as after an outage."""
        now = datetime.now(UTC)
        if self._stale_told is not None and (now - self._stale_told).total_seconds() < STALE_ANSWERS_PAUSE_S:
            return
        self._stale_told = now
        texts = self._texts()
        await self._show(message, Page(texts("answer.stale", age=age(texts, age_s * 1000.0))))

    async def _show(self, message: Message, answer: Answer, *, keyboard: bool = False) -> None:
        if isinstance(answer, Picture):
            file = InputFile(answer.png, filename="chart.png")
            await message.reply_photo(file, caption=answer.caption, parse_mode=ParseMode.HTML)
            return
        pieces = split(answer.text)
        for place, piece in enumerate(pieces):
            markup = _inline(answer.buttons) if place == len(pieces) - 1 else None
            await message.reply_text(
                piece, parse_mode=ParseMode.HTML, reply_markup=markup or (self._keyboard() if keyboard else None)
            )

    async def _edit(self, message: Message, page: Page) -> None:
        """Put a page where the button was; a page that did not change is left as it is."""
        pieces = split(page.text)
        try:
            await message.edit_text(pieces[0], parse_mode=ParseMode.HTML, reply_markup=_inline(page.buttons))
        except BadRequest as error:
            if "not modified" not in error.message.lower():
                raise
        for piece in pieces[1:]:
            await message.reply_text(piece, parse_mode=ParseMode.HTML)

    def _keyboard(self) -> ReplyKeyboardMarkup:
        labels = [self._texts()(f"button.{name}") for name in MENU]
        rows = [labels[start : start + 4] for start in range(0, len(labels), 4)]
        return ReplyKeyboardMarkup(rows, resize_keyboard=True, is_persistent=True)


def _inline(buttons: Buttons) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in buttons]
    )
