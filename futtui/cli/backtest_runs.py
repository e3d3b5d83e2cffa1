"""Runs backtests for the screen, one at a time in a process of its own, and keeps what came out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from futtui.cli.places import Places
from futtui.cli.stopwatch import Stopwatch
from futtui.domain.backtests import RunHead, RunProgress, RunResult, RunState, TradeCandles
from futtui.domain.errors import FuttuiError, InvalidInputError
from futtui.domain.timeframe import DAY_MS
from futtui.live.compat.files import replace_file

if TYPE_CHECKING:
    from futtui.config.editor import FileSettings
    from futtui.config.settings import Settings
    from futtui.domain.settings_sheet import SettingsSheet

MOST_RUNS = 60
"""Older ones are taken away when a new one is started."""
FORM_FILE = "form.json"
LOG_FILE = "newest-run.log"
"""What the process of the newest run said on its error output."""
END_WAIT_S = 5.0
WINDOWS_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
"""No window of its own, and the market comes first; zero elsewhere, where the process itself steps back."""
CHILD = (sys.executable, "-m", "futtui.cli.backtest_child")


class BacktestRuns:
    """The folder `backtests` of the data folder. `config` is the file whose settings count where the form is silent."""

    def __init__(
        self,
        home: Path,
        config: Path | None,
        settings: Settings,
        *,
        command: tuple[str, ...] = CHILD,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self._home = home
        self._folder = Places.of(home).backtests
        self._config, self._settings = config, settings
        self._command, self._clock_s = command, clock_s
        self._lock, self._form_lock = threading.Lock(), threading.Lock()
        self._progress: RunProgress | None = None
        self._child: subprocess.Popen[str] | None = None
        self._began_s: float | None = None
        self._watch = Stopwatch()
        self._cancelled = False
        self._typed: dict[str, str] = {}

    # The form

    @cached_property
    def _editor(self) -> FileSettings:
        from futtui.config.editor import FileSettings

        return FileSettings(self._config or self._home / "config.yaml", self._settings, ())

    def form(self) -> SettingsSheet:
        """Everything that can be chosen, with the values that were typed last."""
        from futtui.cli.backtest_form import form_of

        with self._form_lock:
            return form_of(self._editor, self._kept_values() | self._typed)

    def keep(self, values: Mapping[str, str]) -> None:
        """Remembers typed values for this session, and on disk for the next start where that can be written."""
        with self._form_lock:
            self._typed |= values
            with suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                self._write_form(self._kept_values() | self._typed)

    def _write_form(self, values: Mapping[str, str]) -> None:
        fresh = self._folder / f"{FORM_FILE}.new"
        fresh.write_text(json.dumps(dict(values)), encoding="utf-8")
        replace_file(fresh, self._folder / FORM_FILE)

    def _kept_values(self) -> dict[str, str]:
        try:
            values = json.loads((self._folder / FORM_FILE).read_text(encoding="utf-8"))
            return {str(path): str(text) for path, text in values.items()}
        except (OSError, ValueError, AttributeError):
            return {}  # the first run, or a file that was damaged: the form begins with its defaults

    def take(self, path: str, text: str, others: Mapping[str, str] | None = None) -> str:
        """What was typed as it will be used; raises FuttuiError."""
        from futtui.cli.backtest_form import taken

        return taken(self._editor, path, text, others or {})

    # Running

    def start(self, values: Mapping[str, str]) -> str:
        """Starts a run; gives its id. Raises FuttuiError."""
        from futtui.cli.backtest_form import wanted_of

        if self._is_running():
            raise InvalidInputError("A backtest is running already. Wait for it, or end it with x.")
        sheet = self.form()
        chosen = {item.path: values.get(item.path, item.value) for item in sheet.settings}
        wanted = wanted_of(chosen)
        made_ms = round(self._clock_s() * 1000)
        run_id = self._new_folder(made_ms)
        folder = self._folder / run_id
        differs = {item.path: chosen[item.path] for item in sheet.settings if chosen[item.path] != item.default}
        try:
            self._write_config(folder, {item.path: item.running for item in sheet.settings}, chosen)
            asked = {"values": chosen, "chosen": differs, "home": str(self._home), "made_ms": made_ms}
            (folder / "wanted.json").write_text(json.dumps(asked), encoding="utf-8")
            with self._form_lock:
                self._typed = {}
                self._write_form(differs)
        except OSError as error:
            raise InvalidInputError(
                f"{folder} cannot be written ({error.strerror}). Make room, then try again."
            ) from error
        days = (wanted.end_ms - wanted.start_ms) / DAY_MS
        self._spawn(folder, RunProgress(run_id, RunState.RUNNING, days=days, text="loading"))
        return run_id

    def _new_folder(self, made_ms: int) -> str:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(made_ms)
            number = made_ms
            while True:
                run_id = time.strftime("%Y%m%d-%H%M%S", time.gmtime(number / 1000))
                try:
                    (self._folder / run_id).mkdir()
                    return run_id
                except FileExistsError:
                    number += 1000
        except OSError as error:
            raise InvalidInputError(
                f"The folder {self._folder} for backtests cannot be made ({error.strerror}). Free it, then try again."
            ) from error

    def _make_room(self, now_ms: int) -> None:
        """Takes away the oldest runs, and what runs left that were cut off."""
        folders = sorted(path for path in self._folder.iterdir() if path.is_dir())
        whole = [path for path in folders if (path / "head.json").is_file()]
        torn = [path for path in folders if path not in whole and path.stat().st_mtime * 1000 < now_ms - DAY_MS]
        for old in (*whole[: -MOST_RUNS + 1], *torn):
            shutil.rmtree(old, ignore_errors=True)

    def _write_config(self, folder: Path, before: Mapping[str, str], chosen: Mapping[str, str]) -> None:
        """The configuration of the run: the user's own, with what the form says otherwise."""
        from futtui.cli.backtest_form import is_option
        from futtui.config.editor import FileSettings

        file = folder / "config.yaml"
        own = self._config
        if own is not None and own.is_file():
            shutil.copyfile(own, file)
        changed = {
            path.removeprefix("account."): text
            for path, text in chosen.items()
            if not is_option(path) and text != before[path]
        }
        if changed:
            editor = FileSettings(file, self._settings, ())
            problem = editor.problem(changed)
            if problem:
                shutil.rmtree(folder, ignore_errors=True)
                raise InvalidInputError(problem)
            editor.save(changed)

    def _spawn(self, folder: Path, first: RunProgress) -> None:
        self._cancelled, self._began_s, self._progress, self._watch = False, None, first, Stopwatch()
        with (self._folder / LOG_FILE).open("wb") as complaints:
            self._child = subprocess.Popen(
                [*self._command, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                encoding="utf-8",
                creationflags=WINDOWS_FLAGS,
            )
        threading.Thread(target=self._follow, args=(self._child, folder), name="backtest", daemon=True).start()

    def _follow(self, child: subprocess.Popen[str], folder: Path) -> None:
        """Reads what the child tells until it ends; a thread of its own."""
        watch, trouble = self._watch, ""
        assert child.stdout is not None
        for line in child.stdout:
            try:
                facts = json.loads(line)
            except ValueError:
                continue  # not from us: a library that prints
            trouble = facts.get("error", trouble)
            self._tell(facts, watch.seconds)
        code = child.wait()
        seconds = watch.seconds
        if code == 0 and (folder / "head.json").is_file():
            self._change(state=RunState.DONE, share=1.0, seconds=seconds, seconds_left=0.0, text="")
            return
        shutil.rmtree(folder, ignore_errors=True)
        if self._cancelled:
            self._change(state=RunState.CANCELLED, seconds=seconds, text="")
            return
        log = self._folder / LOG_FILE
        why = trouble or f"The process of the backtest ended unexpectedly (code {code}). {log} may tell more."
        self._change(state=RunState.FAILED, seconds=seconds, text=why)

    def _tell(self, facts: Mapping[str, Any], seconds: float) -> None:
        changes: dict[str, Any] = {"seconds": seconds}
        if "text" in facts:  # another step, whose share and rate begin anew
            changes |= {"text": facts["text"], "share": 0.0, "days_per_s": None, "seconds_left": None}
            self._began_s = seconds
        if "notes" in facts:
            changes["notes"] = tuple(facts["notes"])
        if "read" in facts:
            read, symbols = facts["read"]
            changes |= {"symbols_done": read, "symbols": symbols, "share": read / symbols}
        share, days = facts.get("share"), self._progress.days if self._progress else 0.0
        if share is not None:
            changes["share"] = share
            busy_s = seconds - (self._began_s or 0.0)
            if share > 0 and busy_s > 0:
                if self._progress is not None and self._progress.text == "running":
                    changes["days_per_s"] = days * share / busy_s
                changes["seconds_left"] = busy_s / share * (1.0 - share)
        self._change(**changes)

    def _change(self, **changes: Any) -> None:
        with self._lock:
            if self._progress is not None:
                self._progress = replace(self._progress, **changes)

    def pause(self, paused: bool) -> None:
        """Lets the run under way stand still, or go on; nothing where there is none."""
        from futtui.cli.backtest_child import GO_ON, PAUSE

        child, progress = self._child, self._progress
        if child is None or child.stdin is None or progress is None or not progress.is_under_way:
            return
        with suppress(OSError, ValueError):  # it has just ended, or is being ended
            child.stdin.write((PAUSE if paused else GO_ON).decode())
            child.stdin.flush()
            self._watch.stop(paused)
            self._stand(paused)

    def _stand(self, still: bool) -> None:
        with self._lock:
            if self._progress is not None and self._progress.is_under_way:
                state = RunState.PAUSED if still else RunState.RUNNING
                self._progress = replace(self._progress, state=state, seconds=self._watch.seconds)

    def _is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def progress(self) -> RunProgress | None:
        """How far the newest run of this session is."""
        with self._lock:
            return self._progress

    def cancel(self) -> None:
        """Ends the run under way: its input is closed, which it takes as Ctrl+C."""
        child = self._child
        if child is None or child.poll() is not None or child.stdin is None:
            return
        self._cancelled = True
        child.stdin.close()
        threading.Thread(target=_end, args=(child,), daemon=True).start()

    def close(self) -> None:
        """Ends what is under way and waits for it a little."""
        self.cancel()
        if self._child is not None:
            _end(self._child)

    # What is kept

    def runs(self) -> tuple[RunHead, ...]:
        """All kept runs, newest first."""
        import msgspec

        found = []
        for file in self._folder.glob("*/head.json"):
            try:
                found.append(msgspec.json.decode(file.read_bytes(), type=RunHead))
            except (OSError, msgspec.MsgspecError):
                continue  # a run of another version, or one that is being taken away
        return tuple(sorted(found, key=lambda head: head.run_id, reverse=True))

    def result(self, run_id: str) -> RunResult:
        """One kept run; raises FuttuiError."""
        import msgspec

        try:
            return msgspec.json.decode((self._folder / run_id / "result.json").read_bytes(), type=RunResult)
        except (OSError, msgspec.MsgspecError) as error:
            raise FuttuiError(
                f"The run {run_id} cannot be read any more ({type(error).__name__}). Run it again."
            ) from error

    def candles(self, run_id: str, symbol: str, position_id: str) -> TradeCandles:
        """The candles around a trade; raises FuttuiError."""
        import msgspec

        from futtui.cli.run_files import candles_file, unpacked

        try:
            data = (self._folder / run_id / candles_file(symbol)).read_bytes()
            return unpacked(data, position_id)
        except (OSError, KeyError, msgspec.MsgspecError) as error:
            raise FuttuiError(f"The candles of this trade of {symbol} are not kept any more. Run it again.") from error

    def export(self, run_id: str) -> str:
        """Copies table and page (of a walk-forward: table and figures) to where the user finds them; tells where.

        Raises FuttuiError.
        """
        from futtui.cli.found_files import put

        folder = self._folder / run_id
        other = folder / "report.html"
        if not other.is_file():
            other = folder / "figures.json"
        return put(
            {
                f"backtest-{run_id}.csv": lambda path: shutil.copyfile(folder / "trades.csv", path),
                f"backtest-{run_id}{other.suffix}": lambda path: shutil.copyfile(other, path),
            }
        )


def _end(child: subprocess.Popen[str]) -> None:
    try:
        child.wait(END_WAIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
