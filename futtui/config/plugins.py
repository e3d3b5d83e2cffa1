"""Finds the user's own strategies in their folder, checks each one and its settings, and says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from futtui.config.schema import shape
from futtui.config.user_text import decoded
from futtui.domain.errors import ConfigurationError
from futtui.strategies.plugin import PluginError, PluginSource, make_plugin, plugin_class


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """Strategies of your own: one Python file each, asked after the shipped ones and shown as yours."""

    folder: str = ""
    """Folder with the files, beside this file if the path is not whole; empty = none. Names that begin with _ are left
    out."""
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Their settings by the strategy's name, as in {three_closes: {closes: 4}}."""


@dataclass(frozen=True, slots=True)
class FoundPlugins:
    """What was found: strategies that can be used with their names for people, and sentences about all others."""

    ready: tuple[PluginSource, ...] = ()
    titles: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def find_plugins(settings: PluginSettings, beside: Path) -> FoundPlugins:
    """The user's strategies; each fails alone. `beside`: where a folder that is not a whole path begins."""
    if not settings.folder:
        return FoundPlugins(problems=tuple(_unused(settings.settings, set(), "plugins.folder is not set")))
    folder = beside / Path(settings.folder).expanduser()
    if not folder.is_dir():
        problem = f"Your strategies were not loaded: plugins.folder says {folder}, and there is no such folder."
        return FoundPlugins(problems=(problem,))
    finder = _Finder(settings.settings)
    for file in sorted(folder.glob("*.py")):
        if not file.name.startswith("_"):
            finder.take(file)
    finder.problems += _unused(settings.settings, finder.named, f"no strategy of that name is in {folder}")
    return FoundPlugins(tuple(finder.ready), tuple(finder.titles), tuple(finder.problems))


def _unused(given: Mapping[str, Any], named: set[str], why: str) -> Iterator[str]:
    for name in given:
        if name not in named:
            yield f"plugins.settings.{name} is not used: {why}."


class _Finder:
    def __init__(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        from futtui.analysis.deadline import StrategyDeadline
        from futtui.strategies.catalogue import shipped_names

        self.ready: list[PluginSource] = []
        self.titles: list[str] = []
        self.problems: list[str] = []
        self.named: set[str] = set()
        self._settings = settings
        self._taken = dict.fromkeys(shipped_names(), "a shipped strategy")
        self._deadline = StrategyDeadline()

    def take(self, file: Path) -> None:
        """Load one file, or note in a sentence why it cannot be used."""
        from futtui.strategies.manager import NoAnswer

        try:
            plugin, name, title = self._checked(file)
        except NoAnswer:
            self._deadline.end()
            self.problems.append(f"Your strategy {file.name} is not used: it did not finish loading within 5 seconds.")
        except (PluginError, ConfigurationError) as fault:
            words = "; ".join(str(fault).splitlines()).rstrip(".")
            self.problems.append(f"Your strategy {file.name} is not used: {words}.")
        else:
            self.ready.append(plugin)
            self.titles.append(f"{title} ({file.name})")
            self._taken[name] = file.name

    def _checked(self, file: Path) -> tuple[PluginSource, str, str]:
        try:
            plugin = PluginSource(str(file), decoded(file.read_bytes()))
        except UnicodeDecodeError as fault:
            raise PluginError("this is not UTF-8 text; save the file as UTF-8") from fault
        except OSError as fault:
            raise PluginError(f"it cannot be read ({fault.strerror})") from fault
        self._deadline.start()
        try:
            made = plugin_class(plugin)
            self.named.add(made.name)
            if made.name in self._taken:
                raise PluginError(f"`name` is {made.name!r}, the name of {self._taken[made.name]}; choose another")
            plugin = replace(plugin, settings=self._values(made.name, made.settings_type))
            make_plugin("BTCUSDT", plugin)
        finally:
            self._deadline.end()
        return plugin, made.name, made.title

    def _values(self, name: str, settings_type: type | None) -> tuple[tuple[str, Any], ...]:
        """The settings that the user gave, checked against what the strategy declares."""
        from futtui.config.loader import load_settings

        given = self._settings.get(name, {})
        if settings_type is None:
            if given:
                raise PluginError(f"plugins.settings.{name} is given, but the strategy declares no `settings_type`")
            return ()
        try:
            known = shape(settings_type)
        except TypeError as fault:
            raise PluginError(
                f"`settings_type` must be a frozen dataclass with a default for each field ({fault})"
            ) from fault
        loaded = load_settings(
            settings_type, None, {key: (value, f"plugins.settings.{name}") for key, value in given.items()}
        )
        values = tuple((key, getattr(loaded.settings, key)) for key in known if key in given)
        for key, value in values:
            if not _is_plain(value):
                raise PluginError(f"the setting `{key}` must be a number, a text, true or false, or a list of them")
        return values


def _is_plain(value: Any) -> bool:
    """Whether it can travel to a worker process that does not know the user's classes."""
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str)
