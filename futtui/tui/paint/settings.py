"""The settings screen as lines: sections with counts of changes, settings with bounds, what one of them means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from futtui.domain.settings_sheet import Setting, SettingKind, SettingSection, SettingsSheet
from futtui.tui.glyphs import ARROW
from futtui.tui.paint.text import Line, fit, spread, width_of, wrap
from futtui.tui.words import has_word, word

CHANGES = "/changes"
SECRETS = "/secrets"
"""Two pages that are no sections of the file."""
NAME_WIDTH = 30
VALUE_WIDTH = 18
_UNITS = {"pct": "%", "atr": "ATR", "ms": "ms", "r": "R", "hz": "Hz", "mb": "MB"}


@dataclass(frozen=True, slots=True)
class SettingsState:
    """What the user has changed so far: `edits` are new values (path -> text) that are not in the file yet."""

    sheet: SettingsSheet
    edits: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    """Why the new values do not fit together; empty when they do."""
    outside: int = 0
    """So many settings were changed in the file by somebody else since it was shown first."""

    def value(self, setting: Setting) -> str:
        """The value as it would be saved."""
        return self.edits.get(setting.path, setting.value)

    def waiting(self) -> tuple[Setting, ...]:
        """Settings whose saved value counts only after a restart."""
        return tuple(item for item in self.sheet.settings if item.value != item.running and not item.at_once)


def pages(state: SettingsState) -> list[tuple[str, int, str]]:
    """(path, depth, title) of everything in the left list."""
    rows = [(CHANGES, 0, word("settings.changes", n=len(state.edits)))]
    for section in state.sheet.sections:
        rows.append((section.path, section.depth, section_title(section.path)))
    return [*rows, (SECRETS, 0, word("settings.secrets"))]


def section_title(path: str) -> str:
    """A section's name in everyday words, else its key."""
    if not path:
        return word("settings.general")
    if path in (CHANGES, SECRETS):
        return word("settings.changes_title" if path == CHANGES else "settings.secrets")
    identity = f"settings.section.{path}"
    last = path.rpartition(".")[2]
    if has_word(identity):
        return word(identity)
    for named in (f"strategy.{last}", f"settings.part.{last}"):
        if has_word(named):
            return word(named)
    return last.replace("_", " ").capitalize()


def section_line(state: SettingsState, page: tuple[str, int, str], width: int, *, selected: bool, cursor: str) -> Line:
    """One line of the left list; a section with changes in it carries their count."""
    path, depth, title = page
    inside = 0
    if path not in (CHANGES, SECRETS):
        inside = sum(1 for edit in state.edits if edit.rpartition(".")[0] == path)
    count = f"{inside} " if inside else ""
    text = fit(f"{'  ' * max(0, depth)}{title}", max(0, width - 3 - len(count)))
    token = "bold" if selected else "text" if depth == 0 else "muted"
    return ((f" {cursor if selected else ' '} ", "marker"), (text, token), (count, "attention"))


def name_of(setting: Setting) -> str:
    """Its name as words, its unit behind it."""
    if has_word(f"settings.name.{setting.path}"):
        return word(f"settings.name.{setting.path}")
    words = setting.name.split("_")
    unit = _UNITS.get(words[-1]) if len(words) > 1 else None
    text = " ".join(words[:-1] if unit else words)
    text = text[:1].upper() + text[1:]
    return f"{text}, {unit}" if unit else text


def value_of(setting: Setting, text: str) -> str:
    """A value as a person reads it."""
    if setting.kind is SettingKind.YES_NO:
        return word("settings.yes" if text == "true" else "settings.no")
    if text in ('""', "[]", "{}", ""):
        return word("settings.empty")
    return text.removesuffix(".0") if setting.kind is SettingKind.NUMBER else text


def bounds_of(setting: Setting) -> str:
    """What may be written there, in short."""
    bounds = setting.bounds
    if setting.choices:
        return ", ".join(setting.choices)
    if bounds.low is None and bounds.high is None:
        return ""
    low = word("settings.above" if bounds.low_open else "settings.from", limit=bounds.low) if bounds.low else ""
    high = word("settings.below" if bounds.high_open else "settings.to", limit=bounds.high) if bounds.high else ""
    return " ".join(part for part in (low, high) if part)


def setting_line(state: SettingsState, setting: Setting, width: int, *, selected: bool, cursor: str) -> Line:
    """Name, value, bounds, and as much of the explanation as there is room for."""
    changed = setting.path in state.edits
    sign = "*" if changed else " "
    name_width = min(NAME_WIDTH, max(16, width * 2 // 5))
    value = value_of(setting, state.value(setting))
    token = "attention" if changed else "text" if setting.value == setting.default else "bold"
    head: Line = (
        (f" {cursor if selected else ' '} ", "marker"),
        (fit(name_of(setting), name_width), "bold" if selected else "text"),
        (f" {sign} ", "attention"),
        (fit(value, VALUE_WIDTH), "dim" if setting.fixed_by else token),
    )
    room = width - 3 - name_width - 3 - VALUE_WIDTH - 1
    if room < 12:
        return head
    bounds = bounds_of(setting)
    doc_room = room - 24
    if doc_room < 20:
        return (*head, (f" {fit(bounds, room)}", "dim"))
    return (*head, (f" {fit(bounds, 23)} ", "dim"), (fit(setting.doc, doc_room), "muted"))


def explain_lines(state: SettingsState, setting: Setting | None, width: int) -> list[Line]:
    """What the marked setting means, what it may be, where its value comes from, and when a change counts."""
    if setting is None:
        return []
    lines: list[Line] = [((f" {part}", "text"),) for part in wrap(setting.doc or name_of(setting), width - 2)]
    bounds = bounds_of(setting)
    facts = [word("settings.default", value=value_of(setting, setting.default))]
    if bounds:
        facts.insert(0, word("settings.allowed", bounds=bounds))
    facts.append(word("settings.key", path=setting.path))
    lines += [((f" {part}", "muted"),) for part in wrap("   ".join(facts), width - 2)]
    lines += [((f" {part}", token),) for text, token in _states(state, setting) for part in wrap(text, width - 2)]
    return lines


def note_lines(setting: Setting, width: int) -> list[Line]:
    """What a setting means, what it may be, and its default; without a file behind it."""
    bounds = bounds_of(setting)
    facts = [word("settings.default", value=value_of(setting, setting.default))]
    if bounds:
        facts.insert(0, word("settings.allowed", bounds=bounds))
    lines: list[Line] = [((f" {part}", "text"),) for part in wrap(setting.doc or name_of(setting), width - 2)]
    return [*lines, *(((f" {part}", "muted"),) for part in wrap("   ".join(facts), width - 2))]


def _states(state: SettingsState, setting: Setting) -> list[tuple[str, str]]:
    when = word("settings.at_once" if setting.at_once else "settings.after_restart")
    if setting.fixed_by:
        return [(word("settings.fixed", where=setting.fixed_by), "attention")]
    if setting.path in state.edits:
        old, new = value_of(setting, setting.value), value_of(setting, state.edits[setting.path])
        return [(word("settings.changed", old=old, new=new) + " " + when, "attention")]
    if setting.value != setting.running and not setting.at_once:
        return [(word("settings.waits", running=value_of(setting, setting.running)), "attention")]
    return [(when, "dim")]


def changes_lines(state: SettingsState, width: int) -> list[Line]:
    """Everything that differs from the file, then what is saved but waits for a restart, then how the file is."""
    lines: list[Line] = [()]
    if not state.edits:
        lines += _sentences(word("settings.no_changes"), width)
    for path, text in state.edits.items():
        setting = state.sheet.setting(path)
        if setting is None:
            continue
        old, new = value_of(setting, setting.value), value_of(setting, text)
        lines.append(((f"  {path}", "bold"),))
        lines.append(((f"    {old} {ARROW} ", "muted"), (new, "attention")))
        when = "settings.at_once" if setting.at_once else "settings.after_restart"
        lines += _sentences(word(when), width, "dim", 4)
    if state.problem:
        lines += [(), *_sentences(f"! {state.problem}", width, "attention")]
    waiting = state.waiting()
    if waiting:
        lines += [(), *_sentences(word("settings.waiting_head"), width, "bold")]
        for item in waiting:
            now, then = value_of(item, item.running), value_of(item, item.value)
            lines.append(((f"  {item.path}  ", "text"), (f"{now} {ARROW} {then}", "muted")))
    return [*lines, (), *file_lines(state, width)]


def file_lines(state: SettingsState, width: int) -> list[Line]:
    """Where the file is, and what is wrong with it."""
    sheet = state.sheet
    lines = _sentences(word("settings.file" if sheet.exists else "settings.new_file", file=sheet.file), width, "muted")
    if sheet.trouble:
        lines += _sentences(f"! {word('settings.trouble')} {sheet.trouble}", width, "attention")
    return lines


def secrets_lines(state: SettingsState, width: int) -> list[Line]:
    """Which keys are set; never the keys themselves."""
    lines: list[Line] = [()]
    for name, is_set in state.sheet.secrets:
        text = word("settings.secret_set" if is_set else "settings.secret_missing")
        lines.append(((f"  {fit(name, 24)} ", "text"), (text, "up" if is_set else "dim")))
    return [*lines, (), *_sentences(word("settings.secrets_where"), width)]


def notice_line(state: SettingsState | None, width: int) -> Line:
    """One line above everything: what was changed, what is wrong, what to press."""
    if state is None:
        return ((f" {word('settings.loading')}", "muted"),)
    if state.sheet.trouble:
        return ((fit(f" ! {word('settings.trouble')} {state.sheet.trouble.splitlines()[0]}", width), "attention"),)
    if state.outside:
        return ((fit(f" ! {word('settings.outside', n=state.outside)}", width), "attention"),)
    if state.problem:
        return ((fit(f" ! {state.problem}", width), "attention"),)
    if state.edits:
        return ((fit(f" {word('settings.unsaved', n=len(state.edits))}", width), "attention"),)
    waiting = len(state.waiting())
    left = word("settings.restart_wanted", n=waiting) if waiting else word("settings.as_file")
    name = fit(state.sheet.file, min(width_of(state.sheet.file), max(10, width - width_of(left) - 4)))
    return spread(((f" {left}", "attention" if waiting else "muted"),), ((f"{name} ", "dim"),), width)


def section_of(sheet: SettingsSheet, path: str) -> SettingSection | None:
    """The section at `path`."""
    return next((item for item in sheet.sections if item.path == path), None)


def _sentences(text: str, width: int, token: str = "text", lead: int = 2) -> list[Line]:
    pieces = [part for piece in text.splitlines() for part in wrap(piece, width - lead - 1)]
    return [((" " * lead + part, token),) for part in pieces]
