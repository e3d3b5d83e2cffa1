"""The whole configuration: one section per room, each declared by that room."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from io import StringIO
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from annotated_types import Ge, Gt, Le

from futtui.analysis.settings import AnalysisSettings
from futtui.config.loaded import Loaded
from futtui.config.plugins import FoundPlugins, PluginSettings, find_plugins
from futtui.config.user_text import decoded
from futtui.config.variables import PREFIX, named, refuse_misspelt
from futtui.desk.settings import DeskSettings
from futtui.domain.errors import ConfigurationError
from futtui.language.catalogue import Language
from futtui.live.logs import LogSettings
from futtui.live.settings import MarketSettings
from futtui.regime.settings import RegimeSettings
from futtui.strategies.settings import StrategySettings
from futtui.telegram.settings import TelegramSettings
from futtui.zones.settings import ZoneSettings

SECRETS = ("FUTTUI_API_KEY", "FUTTUI_API_SECRET", "FUTTUI_TELEGRAM_TOKEN")


class ExchangeName(Enum):
    """Which of the exchange's public hosts is used."""

    PRODUCTION = "production"
    DEMO = "demo"


class ThemeName(Enum):
    """Colours of the screen."""

    NIGHT = "night"
    COLOUR_SAFE = "colour-safe"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    """The exchange."""

    name: ExchangeName = ExchangeName.PRODUCTION
    """production, or demo (the exchange's own practice host; its prices are not real)."""
    rest_url: str = ""
    """Other address for requests, for a mirror; empty = the exchange's own."""
    stream_url: str = ""
    """Other address for streams; empty = the exchange's own."""
    archive_url: str = ""
    """Other address for `futtui history download`, for a mirror; empty = the exchange's public archive."""


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """The screen."""

    theme: ThemeName = ThemeName.NIGHT
    """night, colour-safe or light."""
    language: Language = Language.ENGLISH
    """en, uk or ru. Log lines, reasons of the engine and meanings of settings stay English."""
    plain_glyphs: bool = False
    """Only characters that every font has."""
    pulse_hz: Annotated[float, Ge(1), Le(30)] = 5.0
    """How often the screen looks for news, per second."""
    bell: bool = True
    """Ring the terminal's bell on a new signal while the window is in the background."""


def _unknown_zone() -> str:
    """Why a time zone is not known: it is written wrongly, or this machine (a Windows PC, say) knows none at all."""
    try:
        ZoneInfo("UTC")
    except (ZoneInfoNotFoundError, OSError):
        return "this machine has no list of time zones; install it with `pip install tzdata`"
    return "this time zone is not known; write it as in Europe/Kyiv"


@dataclass(frozen=True, slots=True)
class KnownTimeZone:
    """Bound of a setting: the name of a time zone that this machine knows (read by the loader)."""

    def check(self, name: str) -> str:
        """The name itself; raises ValueError for an unknown one."""
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(_unknown_zone()) from None
        return name

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """How the loader applies the check."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured."""

    time_zone: Annotated[str, KnownTimeZone()] = "Europe/Kyiv"
    """Time zone of the clock on the screen; files are always UTC."""
    signals_only_mode: bool = True
    """true = start with signals only; false = start in Paper. Live is never a start mode."""
    start_equity: Annotated[float, Gt(0)] = 10_000.0
    """Money of the virtual account, in USDT."""
    worker_processes: Annotated[int, Ge(0), Le(16)] = 1
    """Processes that analyse candles; 0 = none beside the app."""
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)
    """Which exchange."""
    market: MarketSettings = field(default_factory=MarketSettings)
    """Which symbols, and how much history."""
    strategies: StrategySettings = field(default_factory=StrategySettings)
    """Strategies."""
    plugins: PluginSettings = field(default_factory=PluginSettings)
    """Strategies of your own."""
    regime: RegimeSettings = field(default_factory=RegimeSettings)
    """Market regime."""
    zones: ZoneSettings = field(default_factory=ZoneSettings)
    """Support and resistance zones."""
    desk: DeskSettings = field(default_factory=DeskSettings)
    """Scoring, risk, exits."""
    logs: LogSettings = field(default_factory=LogSettings)
    """Log files."""
    screen: ScreenSettings = field(default_factory=ScreenSettings)
    """Screen."""
    telegram: TelegramSettings = field(default_factory=TelegramSettings)
    """Telegram."""

    def analysis(self, own: FoundPlugins | None = None) -> AnalysisSettings:
        """The analyzers' part, with the user's own strategies where they were looked for."""
        return AnalysisSettings(
            regime=self.regime,
            zones=self.zones,
            strategies=self.strategies,
            plugins=() if own is None else own.ready,
            divergence=self.desk.scoring.divergence.enabled,
        )


def find_config(explicit: Path | None, data_folder: Path) -> Path | None:
    """The configuration file: the given one, else ./config.yaml, else config.yaml in the data folder, else none."""
    if explicit is not None:
        return explicit
    return next((path for path in (Path("config.yaml"), data_folder / "config.yaml") if path.is_file()), None)


def load(file: Path | None, environment: Mapping[str, str] | None = None, **overrides: Any) -> Loaded:
    """Settings from defaults, file, environment (FUTTUI__SECTION__KEY=value) and the command line, in this order."""
    variables = os.environ if environment is None else environment
    refuse_misspelt(variables, Settings, SECRETS)
    given = named(variables)
    if file is None and not given and not overrides:
        return Loaded(Settings())  # nothing to check: the libraries for it need not be loaded
    return _load_and_check(file, given, overrides)


def _load_and_check(file: Path | None, variables: Mapping[str, str], overrides: Mapping[str, Any]) -> Loaded:
    import yaml

    from futtui.config.loader import load_settings

    given: dict[str, tuple[Any, str]] = {}
    for name, text in variables.items():
        path = name[len(PREFIX) :].lower().replace("__", ".")
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError):  # the check of the setting says what is wrong with the text
            value = text
        given[path] = (value, f"environment variable {name}")
    given |= {path: (value, "command line") for path, value in overrides.items() if value is not None}
    return load_settings(Settings, file, given)


def own_strategies(settings: Settings, file: Path | None) -> FoundPlugins:
    """The user's own strategies that `settings`, read from `file`, speak of."""
    return find_plugins(settings.plugins, file.absolute().parent if file is not None else Path.cwd())


def load_secrets(folders: tuple[Path, ...]) -> dict[str, str]:
    """Secrets from the environment or the first `.env` file that has them; never from YAML."""
    from dotenv import dotenv_values

    found: dict[str, str] = {}
    for folder in folders:
        path = folder / ".env"
        values = dotenv_values(stream=StringIO(_env_text(path))) if path.is_file() else {}
        found = {name: value for name in SECRETS if (value := values.get(name))} | found
    found |= {name: value for name in SECRETS if (value := os.environ.get(name))}
    return _from_key_store(name for name in SECRETS if name not in found) | found


def _env_text(path: Path) -> str:
    try:
        return decoded(path.read_bytes())
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text. Save it as UTF-8.") from None


def _from_key_store(names: Iterable[str]) -> dict[str, str]:
    """Secrets of the system's key store, where the package `keyring` is installed; else none."""
    try:
        import keyring
    except ImportError:
        return {}
    try:
        return {name: value for name in names if (value := keyring.get_password("futtui", name))}
    except keyring.errors.KeyringError:
        return {}
