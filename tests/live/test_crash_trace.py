"""A crash below Python leaves its trace in the log folder; a run that ends properly leaves nothing and lets go."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from futtui.live.compat import crash_trace

RUN = """
import faulthandler, os, sys
from pathlib import Path
from futtui.live.logs import LogSettings, start_logs

logs = start_logs(LogSettings(), Path(sys.argv[1]), name=sys.argv[2])
assert faulthandler.is_enabled()

def the_place_of_the_fault():
    os.abort()

if sys.argv[3] == "crash":
    the_place_of_the_fault()
logs.close()
assert not faulthandler.is_enabled()
logs.close()
"""


def run(script: str, *words: object, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """A Python of its own, in which nobody watches for crashes yet unless `options` say so."""
    plain = {key: value for key, value in os.environ.items() if key != "PYTHONFAULTHANDLER"}
    command = [sys.executable, *options, "-c", script, *map(str, words)]
    return subprocess.run(command, env=plain, capture_output=True, text=True, encoding="utf-8", check=False)


def test_crash_leaves_its_trace_and_a_proper_end_leaves_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "futtui-crash.log"
    closed = run(RUN, tmp_path, "futtui.log", "close")
    assert (closed.returncode, closed.stderr) == (0, "")
    assert trace.read_bytes() == b""

    crashed = run(RUN, tmp_path, "futtui.log", "crash")
    assert crashed.returncode != 0
    assert "the_place_of_the_fault" not in crashed.stderr, "a trace over the screen"
    first = trace.read_text(encoding="utf-8")
    assert "futtui started as process" in first.splitlines()[0]
    assert "Fatal Python error: Aborted" in first
    assert "in the_place_of_the_fault" in first

    assert run(RUN, tmp_path, "futtui.log", "close").returncode == 0
    assert trace.read_text(encoding="utf-8") == first
    assert run(RUN, tmp_path, "screen.log", "crash").returncode != 0
    assert trace.read_text(encoding="utf-8") == first
    assert "in the_place_of_the_fault" in (tmp_path / "screen-crash.log").read_text(encoding="utf-8")


def test_folder_that_takes_no_file_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "futtui-crash.log").mkdir()
    script = RUN.replace("assert faulthandler.is_enabled()", "assert not faulthandler.is_enabled()")
    assert run(script, tmp_path, "futtui.log", "close").returncode == 0


def test_too_long_file_begins_anew_and_who_watches_already_stays(tmp_path: Path) -> None:
    path = tmp_path / "futtui-crash.log"
    path.write_bytes(b"x" * (crash_trace.LARGEST_BYTES + 1))
    script = "import sys, pathlib; from futtui.live.compat.crash_trace import CrashTrace\n"
    script += "import faulthandler; CrashTrace(pathlib.Path(sys.argv[1])).close(); print(faulthandler.is_enabled())"
    for options, left, watched in ((("-X", "faulthandler"), crash_trace.LARGEST_BYTES + 1, True), ((), 0, False)):
        said = run(script, path, options=options)
        assert (path.stat().st_size, said.stdout.strip()) == (left, str(watched))
