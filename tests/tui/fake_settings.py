"""A fake configuration file for the settings screen: three sections, a save that remembers, a stamp to turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from futtui.domain.errors import FuttuiError
from futtui.domain.settings_sheet import Setting, SettingBounds, SettingKind, SettingSection, SettingsSheet


def setting(path: str, kind: SettingKind, value: str, doc: str, **more: object) -> Setting:
    """A setting whose default and running value is `value`."""
    return Setting(path, doc, kind, value, value, value, **more)  # type: ignore[arg-type]


def sheet() -> SettingsSheet:
    """A small file."""
    return SettingsSheet(
        file="/home/trader/config.yaml",
        exists=True,
        sections=(
            SettingSection("", ""),
            SettingSection("market", "Which symbols, and how much history."),
            SettingSection("market.history", "Bars loaded before a symbol is analysed."),
            SettingSection("screen", "Screen."),
        ),
        settings=(
            setting(
                "time_zone", SettingKind.TEXT, "Europe/Kyiv", "Time zone of the clock on the screen.", at_once=True
            ),
            setting(
                "market.top_count",
                SettingKind.WHOLE_NUMBER,
                "50",
                "How many of the most traded symbols to watch when no list is given.",
                bounds=SettingBounds("1", "240"),
            ),
            setting(
                "market.max_spread_pct",
                SettingKind.NUMBER,
                "0.15",
                "A symbol whose bid and ask are further apart is not taken in, in percent of price.",
                bounds=SettingBounds("0", "5", low_open=True),
            ),
            setting("market.symbols", SettingKind.LIST, "[]", "Symbols to watch; empty = the most traded ones."),
            setting(
                "screen.theme",
                SettingKind.CHOICE,
                "night",
                "night, colour-safe or light.",
                choices=("night", "colour-safe", "light"),
                at_once=True,
            ),
            setting("screen.language", SettingKind.CHOICE, "en", "Language.", choices=("en", "uk", "ru"), at_once=True),
            setting("screen.bell", SettingKind.YES_NO, "true", "Ring on a new signal.", at_once=True),
        ),
        secrets=(("FUTTUI_API_KEY", True), ("FUTTUI_TELEGRAM_TOKEN", False)),
        stamp="1",
    )


class FakeSettings:
    """Remembers what was saved; `whole` makes whole numbers above it impossible, `refuse` makes saving fail."""

    def __init__(self) -> None:
        self.current = sheet()
        self.saved: list[dict[str, str]] = []
        self.unfit = ""
        self.refuse = ""

    def read(self) -> SettingsSheet:
        """The file as it is."""
        return self.current

    def take(self, path: str, text: str) -> str:
        """Numbers up to the upper bound only."""
        found = self.current.setting(path)
        assert found is not None
        if found.kind is SettingKind.WHOLE_NUMBER and not (text.isdigit() and int(text) <= 240):
            raise FuttuiError(f"`{path}` is {text}: write a whole number up to 240.")
        return text

    def problem(self, changes: Mapping[str, str]) -> str:
        """As told."""
        return self.unfit

    def save(self, changes: Mapping[str, str]) -> str:
        """Puts the changes into the file."""
        if self.refuse:
            raise FuttuiError(self.refuse)
        self.saved.append(dict(changes))
        self.put(**{path.replace(".", "__"): text for path, text in changes.items()})
        return "Saved to config.yaml; the version before is config.yaml.backup1."

    def stamp(self) -> str:
        """Turns with each change."""
        return self.current.stamp

    def put(self, **values: str) -> None:
        """Changes values in the file (`market__top_count="7"`), as an editor of the user would."""
        new = {path.replace("__", "."): text for path, text in values.items()}
        settings = tuple(
            replace(item, value=new[item.path]) if item.path in new else item for item in self.current.settings
        )
        stamp = str(int(self.current.stamp) + 1)
        self.current = replace(self.current, settings=settings, stamp=stamp)
