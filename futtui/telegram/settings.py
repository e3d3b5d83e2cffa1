"""What can be chosen about Telegram. The bot's token is a secret and lives in `.env` (FUTTUI_TELEGRAM_TOKEN)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

from futtui.language.catalogue import Language


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """Telegram."""

    enabled: bool = False
    """Whether futtui talks to Telegram; `futtui telegram setup` leads through it."""
    chat_id: int = 0
    """The chat that gets the messages; the bot answers in no other one."""
    user_ids: tuple[int, ...] = ()
    """Who may command in that chat; empty = in a private chat its one user, in a group nobody."""
    language: Language = Language.ENGLISH
    """en, uk or ru; /language in the chat changes it for good."""
    base_url: str = ""
    """Other address of the Bot API, for a local server or a mirror; empty = Telegram's own."""
    charts: bool = True
    """Send a picture with each signal."""
    waiting_signals: bool = True
    """Tell about signals that wait for price to reach their level."""
    information_signals: bool = False
    """Tell about signals that are for information only and not traded."""
    stop_moves: bool = True
    """Tell when a stop moves."""
    quiet_from_hour: Annotated[int, Ge(0), Le(23)] = 0
    """From this hour (of time_zone) messages come without a sound, except warnings."""
    quiet_to_hour: Annotated[int, Ge(0), Le(23)] = 0
    """Until this hour; the same as quiet_from_hour = never quiet."""
    summary_hour: Annotated[int, Ge(-1), Le(23)] = 20
    """Hour (of time_zone) of the daily summary; -1 = none."""
    outbox_limit: Annotated[int, Ge(50), Le(5000)] = 500
    """How many messages wait at most while Telegram is out of reach; then the least important go first."""
    send_pause_s: Annotated[float, Ge(0), Le(10)] = 1.05
    """Least time between two messages; Telegram allows about one a second in a chat."""
    in_demo: bool = False
    """Talk to Telegram in `futtui demo` too; at 60 times real time that is a lot of messages."""
    confirm_s: Annotated[int, Gt(0), Le(300)] = 30
    """How long a question before a money action may be answered, in seconds."""
