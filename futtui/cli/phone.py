"""Puts the Telegram bot beside an engine, if the user wants one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.health import PhoneHealth

if TYPE_CHECKING:
    from futtui.config.settings import Settings
    from futtui.live.engine import Engine
    from futtui.telegram.service import TelegramService

TOKEN = "FUTTUI_TELEGRAM_TOKEN"


class Phone:
    """The bot of one run. `attach` belongs on the engine's loop; without a wish or a token nothing is loaded."""

    def __init__(self, settings: Settings, folders: tuple[Path, ...], database: Path, *, demo: bool) -> None:
        self._settings = settings
        self._folders = folders
        self._file = database.with_name(f"{database.stem}-telegram.db")
        self._wanted = settings.telegram.enabled and (settings.telegram.in_demo or not demo)
        self._service: TelegramService | None = None

    def attach(self, engine: Engine) -> Engine:
        """The engine itself, with the bot listening to it."""
        if not self._wanted:
            return engine
        from futtui.config.settings import load_secrets

        token = load_secrets(self._folders).get(TOKEN, "")
        if not token or not self._settings.telegram.chat_id:
            missing = f"the bot's token ({TOKEN} in .env)" if not token else "telegram.chat_id in config.yaml"
            text = f"Telegram is switched on, but {missing} is missing. Run `futtui telegram setup`."
            engine.say("telegram", text, Severity.WARNING)
            engine.health.phone = lambda: PhoneHealth("TROUBLE", text)
            return engine
        self._start(engine, token)
        return engine

    def _start(self, engine: Engine, token: str) -> None:
        from futtui.telegram.service import TelegramService
        from futtui.telegram.source import EngineSource
        from futtui.tui.compat.clock import load_zone

        zone, _ = load_zone(self._settings.time_zone)
        self._service = TelegramService(self._settings.telegram, token, self._file, zone)
        engine.runner.watchers.append(self._service.on_effect)
        engine.parts.log_book.watchers.append(self._service.on_line)
        engine.health.phone = self._service.health
        self._service.start(EngineSource(engine))

    def stop(self) -> None:
        """End the bot; safe when there is none."""
        if self._service is not None:
            self._service.stop()
