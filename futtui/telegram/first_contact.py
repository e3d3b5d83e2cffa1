"""The first talk with a new bot: is the token right, who writes to it, does a message arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, TelegramError

from futtui.domain.errors import ExchangeError, FuttuiError, InvalidInputError
from futtui.language.catalogue import Language, Texts

POLL_S = 10


@dataclass(frozen=True, slots=True)
class Contact:
    """The chat that was found, and the user who wrote in it."""

    chat_id: int
    user_id: int
    name: str


async def find_chat(
    token: str, base_url: str, wait_s: float, language: Language, tell: Callable[[str], None]
) -> Contact:
    """The chat of the first person who writes to the bot, after a test message arrived there.

    Raises FuttuiError with a sentence that says what to do: wrong token, no connection, nobody wrote, other reader.
    """
    try:
        bot = Bot(token, base_url=f"{base_url.rstrip('/')}/bot") if base_url else Bot(token)
        async with bot:
            tell(f"The token is right: this is @{bot.username}.")
            contact = await _wait_for_somebody(bot, wait_s, tell)
            await bot.send_message(contact.chat_id, Texts(language)("hello", foot="✓"))
            return contact
    except TelegramError as error:
        raise _in_words(error) from error


async def _wait_for_somebody(bot: Bot, wait_s: float, tell: Callable[[str], None]) -> Contact:
    await bot.delete_webhook()
    tell(f"Now write /start to @{bot.username} from your phone. Waiting up to {wait_s:g} seconds ...")
    end_s, offset = time.monotonic() + wait_s, 0
    while (left_s := end_s - time.monotonic()) > 0:
        updates = await bot.get_updates(offset, timeout=int(max(1, min(POLL_S, left_s))), allowed_updates=["message"])
        for update in updates:
            offset = update.update_id + 1
            contact = _contact_of(update)
            if contact is not None:
                await bot.get_updates(offset, timeout=0)  # tells Telegram that it was read
                return contact
        await asyncio.sleep(0.05)
    raise InvalidInputError(
        f"Nobody wrote to @{bot.username}. Open t.me/{bot.username} on your phone, press Start, and run this again."
    )


def _contact_of(update: Update) -> Contact | None:
    message, user = update.message, update.effective_user
    if message is None or user is None or user.is_bot:
        return None
    return Contact(message.chat.id, user.id, message.chat.title or user.full_name)


def _in_words(error: TelegramError) -> FuttuiError:
    if isinstance(error, InvalidToken):
        return InvalidInputError(
            "Telegram does not know this token. Copy it again from @BotFather: digits, a colon, about 35 letters."
        )
    if isinstance(error, Conflict):
        return ExchangeError(
            "Another program reads this bot's messages just now. Stop it (another futtui?) and run this again."
        )
    if isinstance(error, Forbidden):
        return ExchangeError("The bot may not write in that chat. Unblock it, press Start, and run this again.")
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        return ExchangeError(f"Telegram cannot be reached ({error}). Check the internet connection, or a proxy.")
    return ExchangeError(f"Telegram refused ({error}).")
