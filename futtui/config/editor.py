"""The configuration file behind the settings screen: all settings as texts, checks of new values, careful saving."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Interval, Le, Lt

from futtui.config.file_writer import write_with_backup
from futtui.config.loaded import Loaded
from futtui.config.loader import SECRET_NAMES, check_value, load_settings, plain_value, put_together
from futtui.config.schema import FieldShape, shape
from futtui.config.settings import SECRETS, Settings, load, load_secrets
from futtui.config.user_text import decoded
from futtui.config.variables import PREFIX
from futtui.config.yaml_edit import changed_text
from futtui.domain.errors import ConfigurationError
from futtui.domain.settings_sheet import Setting, SettingBounds, SettingKind, SettingSection, SettingsSheet

AT_ONCE = frozenset({"time_zone", "screen.theme", "screen.language", "screen.plain_glyphs", "screen.bell"})
"""What the screen changes while it runs; everything else is read at the start."""


class FileSettings:
    """Reads and changes one file. `running` are the settings of this run."""

    def __init__(self, file: Path, running: Settings, secret_folders: tuple[Path, ...]) -> None:
        self._file = file
        self._running = running
        self._secret_folders = secret_folders
        self._defaults = Settings()

    def read(self) -> SettingsSheet:
        """All settings as they are now; a file with mistakes gives those of this run and what is wrong."""
        stamp = self.stamp()
        trouble = ""
        try:
            loaded = load(self._file if self._file.is_file() else None)
        except ConfigurationError as error:
            loaded, trouble = Loaded(self._running), str(error)
        secrets = load_secrets(self._secret_folders)
        return SettingsSheet(
            file=str(self._file),
            exists=self._file.is_file(),
            sections=tuple(self._sections(Settings, "", "")),
            settings=tuple(self._settings(loaded)),
            secrets=tuple((name, name in secrets) for name in SECRETS),
            trouble=trouble,
            stamp=stamp,
        )

    def stamp(self) -> str:
        """Size and time of the file."""
        try:
            state = self._file.stat()
        except OSError:
            return ""
        return f"{state.st_mtime_ns}/{state.st_size}"

    def take(self, path: str, text: str) -> str:
        """The text as it would stand in the file; raises ConfigurationError with the rule that it breaks."""
        return plain_value(_parsed(path, text))

    def problem(self, changes: Mapping[str, str]) -> str:
        """Why the new values do not fit together; empty when they do."""
        try:
            values = {path: _parsed(path, text) for path, text in changes.items()}
            loaded = load(self._file if self._file.is_file() else None)
            put_together(loaded.settings, values)
        except ConfigurationError as error:
            return str(error)
        except ValueError as error:
            return f"These values do not fit together: {error}"
        return ""

    def save(self, changes: Mapping[str, str]) -> str:
        """Put the new values into the newest text of the file; says where the old version is kept."""
        values = {path: _parsed(path, text) for path, text in changes.items()}
        bom, text = self._text()
        try:
            new = changed_text(text, {path: _for_yaml(value) for path, value in values.items()})
        except yaml.YAMLError:
            raise ConfigurationError(f"{self._file} is not YAML. Mend it by hand; nothing was saved.") from None
        backup = write_with_backup(self._file, bom + new, self._check_draft)
        if backup is None:
            return f"Saved to the new file {self._file}."
        return f"Saved to {self._file.name}; the version before is {backup.name}."

    # Parts

    def _text(self) -> tuple[str, str]:
        if not self._file.is_file():
            return "", ""
        try:
            content = self._file.read_bytes()
            text = decoded(content)
        except UnicodeDecodeError:
            raise ConfigurationError(f"{self._file} is not UTF-8 text. Save it as UTF-8 first.") from None
        except OSError as error:
            raise ConfigurationError(f"{self._file} cannot be read ({error.strerror}).") from error
        return "\ufeff" if content.startswith(codecs.BOM_UTF8) else "", text

    def _check_draft(self, draft: Path) -> None:
        try:
            load_settings(Settings, draft, {})
        except ConfigurationError as error:
            words = str(error).replace(str(draft), self._file.name)
            raise ConfigurationError(f"Nothing was saved. {words}") from None

    def _sections(self, settings_type: Any, path: str, doc: str) -> Iterator[SettingSection]:
        yield SettingSection(path, doc)
        for name, item in shape(settings_type).items():
            if item.nested is not None:
                yield from self._sections(item.nested, f"{path}.{name}".lstrip("."), item.doc)

    def _settings(self, loaded: Loaded) -> Iterator[Setting]:
        def walk(value: Any, default: Any, running: Any, prefix: str) -> Iterator[Setting]:
            for name, item in shape(value.__class__).items():
                now, usual, used = getattr(value, name), getattr(default, name), getattr(running, name)
                path = f"{prefix}{name}"
                if item.nested is not None:
                    yield from walk(now, usual, used, f"{path}.")
                elif not SECRET_NAMES.fullmatch(name):
                    yield _setting(path, item, now, usual, used, loaded.origins.get(path, ""))

        yield from walk(loaded.settings, self._defaults, self._running, "")


def _setting(path: str, item: FieldShape, now: Any, usual: Any, used: Any, origin: str) -> Setting:
    return Setting(
        path=path,
        doc=item.doc,
        kind=_kind(item, usual),
        value=plain_value(now),
        default=plain_value(usual),
        running=plain_value(used),
        origin=origin,
        fixed_by=origin if PREFIX in origin and "line" not in origin else "",
        bounds=_bounds(item.annotation),
        choices=_choices(item, usual),
        at_once=path in AT_ONCE,
    )


def _bare(annotation: Any) -> Any:
    """The type without its bounds."""
    return get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation


def _choices(item: FieldShape, usual: Any) -> tuple[str, ...]:
    if isinstance(usual, Enum):
        return tuple(str(member.value) for member in type(usual))
    bare = _bare(item.annotation)
    return tuple(str(choice) for choice in get_args(bare)) if get_origin(bare) is Literal else ()


def _kind(item: FieldShape, usual: Any) -> SettingKind:
    if _choices(item, usual):
        return SettingKind.CHOICE
    kinds = {bool: SettingKind.YES_NO, int: SettingKind.WHOLE_NUMBER, float: SettingKind.NUMBER, str: SettingKind.TEXT}
    bare = _bare(item.annotation)
    if bare in kinds:
        return kinds[bare]
    return SettingKind.LIST if get_origin(bare) is tuple else SettingKind.OTHER


def _bounds(annotation: Any) -> SettingBounds:
    low: Any = None
    high: Any = None
    low_open = high_open = False
    for mark in getattr(annotation, "__metadata__", ()):
        for part in tuple(mark) if isinstance(mark, Interval) else (mark,):
            if isinstance(part, Ge):
                low, low_open = part.ge, False
            elif isinstance(part, Gt):
                low, low_open = part.gt, True
            elif isinstance(part, Le):
                high, high_open = part.le, False
            elif isinstance(part, Lt):
                high, high_open = part.lt, True
    return SettingBounds(_number(low), _number(high), low_open, high_open)


def _number(limit: Any) -> str | None:
    return None if limit is None else f"{limit:g}" if isinstance(limit, float) else str(limit)


def _parsed(path: str, text: str) -> Any:
    item = _find(path)
    if item is None:
        raise ConfigurationError(f"`{path}` is not a setting.")
    return check_value(item, path, _raw(item, text))


def _find(path: str) -> FieldShape | None:
    settings_type: Any = Settings
    *sections, name = path.split(".")
    for section in sections:
        item = shape(settings_type).get(section)
        if item is None or item.nested is None:
            return None
        settings_type = item.nested
    found = shape(settings_type).get(name)
    return found if found is not None and found.nested is None else None


def _raw(item: FieldShape, text: str) -> Any:
    """What the user meant: texts need no quotes, lists no brackets."""
    text = text.strip()
    kind = _kind(item, item.default)
    if kind is SettingKind.LIST and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind in (SettingKind.TEXT, SettingKind.CHOICE):
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
        return text[1:-1] if quoted else text
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):  # a plain ValueError for `2024-02-31` or `0x_`
        return text


def _for_yaml(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_for_yaml(item) for item in value]
    return value
