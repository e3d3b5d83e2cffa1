"""`futtui validate`: asks everything that makes a result believable, and says what it is worth."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from futtui.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from futtui.backtest.settings import BacktestRequest
    from futtui.backtest.validation import Validation
    from futtui.cli.backtest_command import BacktestOptions


@dataclass(frozen=True, slots=True)
class ValidateOptions:
    """What the user asked for; `run` as for a backtest."""

    run: BacktestOptions
    system: str
    chosen_before: str
    earlier_trials: int
    quick: bool
    html_file: Path | None = None


def run_validate(options: ValidateOptions) -> None:
    """Ask, write the trial down and the files asked for, and print."""
    from futtui.backtest.validation import ValidationRequest, validate
    from futtui.backtest.validation_text import validation_json, validation_lines
    from futtui.cli.backtest_command import check_folders, progress_told, request_of, write_files
    from futtui.cli.places import Places
    from futtui.cli.trial_book import note_trial, now_text, trial_book
    from futtui.live.past_candles import time_of

    run = options.run
    check_folders({"--json": run.json_file, "--html": options.html_file, "--trades": run.trades_file})
    book = trial_book(Places.of(run.home))
    base = only_tested(request_of(run), options.system)
    border = time_of(options.chosen_before, "--chosen-before") if options.chosen_before else None
    names = _names(options.system)
    request = ValidationRequest(
        run=base,
        strategy=names[0] if len(names) == 1 else "",
        quick=options.quick,
        chosen_before_ms=border,
        earlier=options.earlier_trials,
        trials=tuple(book.all()),
        recorded=now_text(),
    )
    with progress_told("Validation") as told:
        found = validate(request, told)
    note_trial(book, found.trial)
    texts: dict[Path, str] = {}
    if run.json_file is not None:
        texts[run.json_file] = json.dumps(validation_json(found), indent=1, allow_nan=False) + "\n"
    if options.html_file is not None:
        texts[options.html_file] = _page(found)
    if run.trades_file is not None:
        from futtui.backtest.trades_table import trades_csv

        texts[run.trades_file] = trades_csv(found.result)
    write_files(texts)
    for line in validation_lines(found):
        print(line)


def _page(found: Validation) -> str:
    from futtui.backtest.data import load_symbol
    from futtui.backtest.html_report import html_report

    run = found.request.run
    data = {symbol: load_symbol(run.history, symbol, run.start_ms) for symbol in run.symbols}
    checks = [(check.name, check.answer.value, check.detail) for check in found.checks]
    return html_report(found.result, data, found.trial_count, found.verdict, found.badge.value, checks)


def only_tested(request: BacktestRequest, system: str) -> BacktestRequest:
    """The run with the named strategies alone, traded whatever the settings say; as configured without a name.

    Raises InvalidInputError for a name that no strategy has.
    """
    from futtui.strategies.plugin import plugin_class

    names = _names(system)
    if not names:
        return request
    if names == ["all"]:
        return replace(request, for_information=frozenset())
    settings = request.analysis.strategies
    shipped = [each.name for each in fields(settings)]
    own = {plugin_class(each).name: each for each in request.analysis.plugins}
    for name in names:
        if name not in shipped and name not in own:
            known = ", ".join((*shipped, *own))
            raise InvalidInputError(f"--system {name}: no strategy has this name. Use all, or: {known}.")
    changed: dict[str, Any] = {name: _switched(getattr(settings, name), name in names) for name in shipped}
    analysis = replace(
        request.analysis,
        strategies=replace(settings, **changed),
        plugins=tuple(each for name, each in own.items() if name in names),
    )
    return replace(request, analysis=analysis, for_information=frozenset())


def _switched(settings: Any, on: bool) -> Any:
    if on:
        return settings if settings.enabled else replace(settings, enabled=True)
    off = {name: False for name in ("enabled", "short_enabled") if hasattr(settings, name)}
    return replace(settings, **off)


def _names(system: str) -> list[str]:
    return [name.strip().lower() for name in system.split(",") if name.strip()]
