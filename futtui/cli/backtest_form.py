"""The form of the backtest screen, made from the options of the command and from the settings of the strategies."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from futtui.domain.errors import InvalidInputError
from futtui.domain.settings_sheet import Setting, SettingBounds, SettingKind, SettingSection, SettingsSheet

if TYPE_CHECKING:
    from futtui.backtest.folds import Fold
    from futtui.backtest.settings import BacktestRequest
    from futtui.config.editor import FileSettings

RUN, WALK = "run", "walk"
HISTORY, SYMBOLS, SYSTEMS, START, END = (f"{RUN}.{name}" for name in ("history", "symbols", "systems", "from", "to"))
_OPTIONS = {
    "history": HISTORY, "symbols": SYMBOLS, "from_date": START, "to_date": END, "cost_factor": f"{RUN}.costs",
    "optimistic": f"{RUN}.optimistic", "strict": f"{RUN}.strict", "workers": f"{RUN}.workers",
}  # fmt: skip
"""Options of `futtui backtest` that the form offers, and under which names."""
WALK_FORWARD = f"{WALK}.forward"
_WALK_OPTIONS = {name: f"{WALK}.{name}" for name in ("learn_months", "step_months", "gap_days", "rolling", "choose")}
"""Options of `futtui walk-forward`, likewise."""
_SYMBOL = re.compile(r"[A-Z0-9]{3,20}(_[0-9]{6})?")
_NAMES_SHOWN, _NAME_SHOWN = 8, 24
_KINDS = {bool: SettingKind.YES_NO, int: SettingKind.WHOLE_NUMBER, float: SettingKind.NUMBER}
_DOCS = {
    SYMBOLS: "Symbols with commas between them; empty = all in the folder.",
    WALK_FORWARD: "Whether to learn on a part of the time and count only what came next, again and again.",
    SYSTEMS: "Strategies tested alone, with commas between them; all = everything is traded; empty = as configured.",
}
_ROOMS = ("desk.risk.sizing", "desk.risk.caps", "desk.risk.exits", "strategies", "desk.scoring", "zones", "regime")
"""Sections of the configuration that a run can be given other values of, in the order of the form."""


def form_of(editor: FileSettings, kept: Mapping[str, str]) -> SettingsSheet:
    """Options first, then account and strategies; `kept` are the values of the run before."""
    sheet = editor.read()
    if sheet.trouble:
        return sheet
    money = [replace(one, path=f"account.{one.path}") for one in sheet.settings if one.path == "start_equity"]
    sections = [SettingSection(RUN, ""), SettingSection(WALK, ""), SettingSection("account", "")]
    settings = [*run_settings(), *walk_settings(), *money]
    for room in _ROOMS:
        inside = [one for one in sheet.sections if one.path == room or one.path.startswith(f"{room}.")]
        sections += [one for one in inside if sheet.inside(one.path)]
        settings += [item for one in inside for item in sheet.inside(one.path)]
    shown = tuple(
        replace(item, value=kept.get(item.path, item.value), running=item.value, origin="", at_once=True)
        for item in settings
    )
    return replace(sheet, sections=tuple(sections), settings=shown, secrets=())


def run_settings() -> list[Setting]:
    """The options of `futtui backtest` as settings."""
    from futtui.cli.app import backtest

    found = _settings_of(backtest, _OPTIONS)
    found.insert(2, Setting(SYSTEMS, _DOCS[SYSTEMS], SettingKind.TEXT, '""', '""', '""'))
    return found


def walk_settings() -> list[Setting]:
    """Whether to walk forward, and the options of `futtui walk-forward`, as settings."""
    from futtui.cli.measure_commands import walk_forward

    whether = Setting(WALK_FORWARD, _DOCS[WALK_FORWARD], SettingKind.YES_NO, "false", "false", "false")
    return [whether, *_settings_of(walk_forward, _WALK_OPTIONS)]


def _settings_of(command: Callable[..., None], options: Mapping[str, str]) -> list[Setting]:
    """Options of a command, by name, as settings of the form."""
    hints, parameters = get_type_hints(command, include_extras=True), inspect.signature(command).parameters
    found = []
    for name, path in options.items():
        kind, option = get_args(hints[name])
        found.append(_setting(path, kind, option, parameters[name].default))
    return found


def is_option(path: str) -> bool:
    """Whether it is an option of the run and no value of the configuration."""
    return path.partition(".")[0] in (RUN, WALK)


def _setting(path: str, kind: type, option: Any, default: Any) -> Setting:
    given = '""' if default in (inspect.Parameter.empty, "") else f"{default}".lower().removesuffix(".0")
    low, high = (None if limit is None else f"{limit:g}" for limit in (option.min, option.max))
    which = _KINDS.get(kind, SettingKind.TEXT)
    return Setting(
        path, _DOCS.get(path, option.help or ""), which, given, given, given, bounds=SettingBounds(low, high)
    )


def taken(editor: FileSettings, path: str, text: str, others: Mapping[str, str]) -> str:
    """What was typed as it will be used, beside the other values of the form; raises FuttuiError with a sentence."""
    if path.startswith("account."):
        return editor.take(path.partition(".")[2], text)
    if not is_option(path):
        return editor.take(path, text)
    setting = next(one for one in (*run_settings(), *walk_settings()) if one.path == path)
    if setting.kind in (SettingKind.NUMBER, SettingKind.WHOLE_NUMBER):
        return _number(setting, text)
    if path == HISTORY:
        return str(history_folder(text))
    if path == SYMBOLS:
        return ",".join(check_symbols(text, others.get(HISTORY, ""))) or '""'
    if path == SYSTEMS:
        return ",".join(check_systems(text)) or '""'
    if path in (START, END):
        day_of(path, text)
    return text or '""'


def _number(setting: Setting, text: str) -> str:
    whole = setting.kind is SettingKind.WHOLE_NUMBER
    low, high = float(setting.bounds.low or 0), float(setting.bounds.high or 0)
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise InvalidInputError(f"{text or 'Nothing'} does not fit here: write {kind} from {low:g} to {high:g}.")
    return f"{value:g}"


def history_folder(text: str) -> Path:
    """The folder of candles; raises InvalidInputError when it is not there or holds none."""
    from futtui.backtest.data import symbols_in

    if not text or text == '""':
        raise InvalidInputError("Say where the candles are: a folder with files such as 15m/BTCUSDT.csv.gz.")
    folder = Path(text).expanduser().absolute()
    if not folder.is_dir():
        raise InvalidInputError(f"There is no folder {folder}. `futtui history download` fetches candles.")
    symbols_in(folder)
    return folder


def names_in(text: str) -> list[str]:
    """Names between commas, each once."""
    plain = text.removeprefix('""')
    return list(dict.fromkeys(name.strip() for name in plain.split(",") if name.strip()))


def check_symbols(text: str, history: str) -> list[str]:
    """The symbols named, `BTC` standing for BTCUSDT; raises InvalidInputError for those without candles in `history`.

    While no folder is chosen only what cannot be the name of a symbol is refused.
    """
    from futtui.backtest.data import symbols_in

    names = names_in(text.upper())
    if not history or history == '""' or not Path(history).is_dir():
        odd = [name for name in names if not _SYMBOL.fullmatch(name)]
        if odd:
            raise InvalidInputError(f"{_listed(odd)} is no symbol. Write names with commas: BTCUSDT,ETHUSDT.")
        return names
    held = symbols_in(Path(history))
    meant = [name if name in held or f"{name}USDT" not in held else f"{name}USDT" for name in names]
    missing = [name for name in meant if name not in held]
    if not missing:
        return list(dict.fromkeys(meant))
    near = difflib.get_close_matches(missing[0], held, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    has = "has" if len(missing) == 1 else "have"
    raise InvalidInputError(f"{_listed(missing)} {has} no candles in {history}.{hint} There are: {_shown(held)}.")


def _listed(names: Sequence[str]) -> str:
    """Names as in a sentence, long ones cut."""
    short = [name if len(name) <= _NAME_SHOWN else f"{name[:_NAME_SHOWN]}..." for name in names[:_NAMES_SHOWN]]
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return (", ".join(short) if more or len(short) < 2 else f"{', '.join(short[:-1])} and {short[-1]}") + more


def _shown(held: Sequence[str]) -> str:
    return ", ".join(held[:_NAMES_SHOWN]) + (
        f" and {len(held) - _NAMES_SHOWN} more" if len(held) > _NAMES_SHOWN else ""
    )


def check_systems(text: str) -> list[str]:
    """The strategies named; raises InvalidInputError for a name that no strategy has."""
    from futtui.strategies.settings import StrategySettings

    names = names_in(text.lower())
    known = [each.name for each in fields(StrategySettings)]
    for name in names:
        if name not in known and names != ["all"]:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise InvalidInputError(f"No strategy is called {name}.{hint} Known: all, or {', '.join(known)}.")
    return names


def day_of(path: str, text: str) -> int:
    """The moment in epoch milliseconds; raises InvalidInputError when it is none."""
    from futtui.live.past_candles import time_of

    name = "The first day" if path == START else "The last day"
    if not text or text == '""':
        raise InvalidInputError(f"{name} is missing. Write it as in 2024-03-01 (UTC).")
    try:
        return time_of(text, path)
    except InvalidInputError:
        raise InvalidInputError(f"{name} is {text}: write it as in 2024-03-01 (UTC).") from None


@dataclass(frozen=True, slots=True)
class WantedWalk:
    """How to walk forward: the folds, and whether each chooses among exits."""

    folds: tuple[Fold, ...]
    choose: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of a run, checked. `walk`: None for a plain run."""

    history: Path
    symbols: tuple[str, ...]
    start_ms: int
    end_ms: int
    systems: str
    costs: float
    optimistic: bool
    strict: bool
    workers: int
    walk: WantedWalk | None = None

    def request(self, config: Path | None, home: Path) -> BacktestRequest:
        """The run, with the settings of a configuration file."""
        from futtui.cli.backtest_command import BacktestOptions, request_of
        from futtui.cli.validate_command import only_tested

        options = BacktestOptions(
            self.history, ",".join(self.symbols), _iso(self.start_ms), _iso(self.end_ms), None, None,
            self.optimistic, self.costs, self.workers, config, "", home,
        )  # fmt: skip
        return only_tested(request_of(options), self.systems)


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()


def wanted_of(values: Mapping[str, str]) -> Wanted:
    """The run that the values describe; raises InvalidInputError with a sentence for what makes no sense."""
    from futtui.backtest.data import symbols_in

    history = history_folder(values.get(HISTORY, ""))
    start_ms, end_ms = day_of(START, values.get(START, "")), day_of(END, values.get(END, ""))
    if end_ms <= start_ms:
        raise InvalidInputError("The last day is not after the first one. Choose a later last day.")
    held = symbols_in(history)
    symbols = tuple(check_symbols(values.get(SYMBOLS, ""), str(history))) or held
    return Wanted(
        history, symbols, start_ms, end_ms, ",".join(check_systems(values.get(SYSTEMS, ""))),
        float(values.get(f"{RUN}.costs", "1")), values.get(f"{RUN}.optimistic") == "true",
        values.get(f"{RUN}.strict") == "true", int(values.get(f"{RUN}.workers", "2")),
        _walk_of(values, start_ms, end_ms),
    )  # fmt: skip


def _walk_of(values: Mapping[str, str], start_ms: int, end_ms: int) -> WantedWalk | None:
    from futtui.backtest.folds import folds

    if values.get(WALK_FORWARD) != "true":
        return None
    chosen = {item.name: values.get(item.path, item.default) for item in walk_settings()}
    parts = folds(
        start_ms, end_ms, learn_months=int(chosen["learn_months"]), step_months=int(chosen["step_months"]),
        gap_days=float(chosen["gap_days"]), rolling=chosen["rolling"] == "true",
    )  # fmt: skip
    return WantedWalk(tuple(parts), chosen["choose"] == "true")
