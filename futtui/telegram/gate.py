"""Who may command, which updates are new, and which commands are too old to be carried out."""

from __future__ import annotations

import logging
from collections import OrderedDict

from futtui.telegram.settings import TelegramSettings

log = logging.getLogger(__name__)

STALE_S = 60.0
URGENT_STALE_S = 600.0
URGENT = ("pause", "panic")
OLD_BUTTON_S = 600.0
"""A button under a message of that age speaks of a state that may be long over."""
UPDATES_REMEMBERED = 1000
STRANGERS_REMEMBERED = 1000


class Gate:
    """Decides about every update before anything else looks at it."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._strangers: OrderedDict[tuple[int, int], None] = OrderedDict()

    def is_known(self, chat_id: int | None, user_id: int | None) -> bool:
        """Whether this user may command in this chat; a stranger is logged once and gets no answer."""
        chat, user = chat_id or 0, user_id or 0
        allowed = self._settings.user_ids
        private = not allowed and self._settings.chat_id > 0 and user == self._settings.chat_id
        if chat != 0 and chat == self._settings.chat_id and (private or user in allowed):
            return True
        if (chat, user) not in self._strangers:
            self._strangers[(chat, user)] = None
            if len(self._strangers) > STRANGERS_REMEMBERED:
                self._strangers.popitem(last=False)
            log.warning("Telegram: user %s in chat %s is not on the list and gets no answer", user, chat)
        return False

    def is_new(self, update_id: int) -> bool:
        """Whether this update comes for the first time; Telegram may send one again after an outage."""
        if update_id in self._seen:
            return False
        self._seen[update_id] = None
        if len(self._seen) > UPDATES_REMEMBERED:
            self._seen.popitem(last=False)
        return True

    @staticmethod
    def is_stale(command: str, age_s: float) -> bool:
        """Whether a command of that age is not to be carried out any more."""
        return age_s > (URGENT_STALE_S if command in URGENT else STALE_S)

    @staticmethod
    def is_old_button(age_s: float) -> bool:
        """Whether a button that acts at once stands under a message too old for it."""
        return age_s > OLD_BUTTON_S
