"""Checks of this computer: Python, packages, folders, disk, databases, terminal, configuration."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path

from futtui.cli.doctor.findings import Finding, fail, ok, warn
from futtui.cli.places import Places
from futtui.language.counting import counted

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
LITTLE_SPACE_GB, NO_SPACE_GB = 2.0, 0.2
SLOW_FLUSH_MS = 100.0
FLUSHES = 12
FLUSH_BYTES = 64 * 1024
DATABASE_SECONDS = 8.0
LONGEST_HOME = 100
"""Files of the archive have the longest names; Windows allows 260 characters for a whole path."""
CLOUD_FOLDERS = ("onedrive", "dropbox", "google drive", "icloud")
SMALLEST, COMFORTABLE = (80, 24), (120, 35)


def check_python() -> Iterator[Finding]:
    """The interpreter."""
    version = sys.version_info[:2]
    bits = 64 if sys.maxsize > 2**32 else 32
    text = f"{platform.python_version()}, {bits} bit, {platform.system()} {platform.release()}"
    wanted = f"{'.'.join(map(str, OLDEST_PYTHON))} to {'.'.join(map(str, NEWEST_PYTHON))}"
    if version < OLDEST_PYTHON or bits == 32:
        yield fail("Python", text, f"Install a 64 bit Python {wanted} from python.org.")
    elif version > NEWEST_PYTHON:
        yield warn("Python", text, f"futtui is tested with {wanted}; use one of these if something does not work.")
    else:
        yield ok("Python", text)


def check_packages(package: str = "futtui") -> Iterator[Finding]:
    """The libraries, as the installed package asks for them."""
    try:
        needed = metadata.requires(package) or []
    except metadata.PackageNotFoundError:
        advice = "Install it in its folder with: python -m pip install ."
        yield warn("Packages", f"{package} runs from its source folder, so its packages are not known", advice)
        return
    problems = [problem for line in needed if "extra ==" not in line and (problem := _package_problem(line))]
    if problems:
        yield fail("Packages", "; ".join(problems), "Install them with: python -m pip install --upgrade .")
    else:
        count = sum("extra ==" not in line for line in needed)
        yield ok("Packages", f"{count} libraries in fitting versions")


def _package_problem(requirement: str) -> str:
    match = re.match(r"([A-Za-z0-9_.-]+)\s*(.*)", requirement.partition(";")[0])
    assert match is not None, requirement
    name, bounds = match.groups()
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} is missing"
    for sign, bound in re.findall(r"(>=|<=|==|<|>)\s*([0-9][0-9.]*)", bounds):
        have, want = _numbers(found, bound), _numbers(bound, found)
        fits = {">=": have >= want, "<=": have <= want, "==": have == want, "<": have < want, ">": have > want}[sign]
        if not fits:
            return f"{name} is {found}, needed is {bounds.strip()}"
    return ""


def _numbers(version: str, other: str) -> tuple[int, ...]:
    """The leading numbers of a version, with zeros up to the length of the other one."""
    count = max(version.count("."), other.count(".")) + 1
    numbers = [int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:count]]
    return tuple(numbers + [0] * (count - len(numbers)))


def check_configuration(config: Path | None, places: Places) -> Iterator[Finding]:
    """Whether the configuration can be used, and whether keys are set (never their values)."""
    from futtui.config.settings import find_config, load, load_secrets
    from futtui.domain.errors import FuttuiError

    file = find_config(config, places.home)
    name = str(file) if file else "no file, all defaults"
    try:
        loaded = load(file)
    except FuttuiError as error:
        yield fail("Configuration", f"{name}: {error}", "Correct it; `futtui config reference` shows every setting.")
        return
    yield ok("Configuration", f"{name}; {counted(len(loaded.origins), 'value')} set")
    keys = load_secrets((Path.cwd(), places.home))
    if len(keys) == 1:
        yield warn("API key", f"only {next(iter(keys))} is set", "Set key and secret, or neither, in .env.")
    else:
        yield ok("API key", "key and secret are set" if keys else "none: Signals and Paper need none")


def check_folder(places: Places, system: str = sys.platform) -> Iterator[Finding]:
    """The data folder: can it be written, is there space, is it fast."""
    home = places.home
    try:
        home.mkdir(parents=True, exist_ok=True)
        flush_ms = _flush_ms(home)
    except OSError as error:
        advice = "Choose another folder with --home, or give yourself the right to write there."
        yield fail("Data folder", f"{home} cannot be written ({error.strerror})", advice)
        return
    if any(word in str(home).lower() for word in CLOUD_FOLDERS) or str(home).startswith("\\\\"):
        advice = "A database breaks there. Choose a folder on this PC's own disk with --home."
        yield warn("Data folder", f"{home} lies in a synchronised or network folder", advice)
    elif system == "win32" and len(str(home)) > LONGEST_HOME:
        advice = "Windows takes 260 characters with all that comes below it. Choose a shorter path with --home."
        yield warn("Data folder", f"{home} is a long path", advice)
    else:
        yield ok("Data folder", str(home))
    free_gb = shutil.disk_usage(home).free / 1e9
    if free_gb < NO_SPACE_GB:
        yield fail("Disk space", f"{free_gb:.1f} GB free", "Free some space, or choose another disk with --home.")
    elif free_gb < LITTLE_SPACE_GB:
        yield warn("Disk space", f"{free_gb:.1f} GB free", "Free some space soon: a year of candles needs a few GB.")
    else:
        yield ok("Disk space", f"{free_gb:.0f} GB free")
    if flush_ms > SLOW_FLUSH_MS:
        advice = "A virus scanner or a sleeping disk may be the reason; leave the data folder out of scans."
        yield warn("Disk speed", f"{flush_ms:.0f} ms until a small write is safe", advice)
    else:
        yield ok("Disk speed", f"{flush_ms:.1f} ms until a small write is safe")


def _flush_ms(folder: Path) -> float:
    """Middle time of a small write that must be on disk before it counts."""
    probe = folder / f"doctor-{os.getpid()}.tmp"
    times = []
    try:
        with probe.open("wb") as file:
            for _ in range(FLUSHES):
                begin = time.perf_counter()
                file.write(b"\0" * FLUSH_BYTES)
                file.flush()
                os.fsync(file.fileno())
                times.append((time.perf_counter() - begin) * 1000.0)
    finally:
        probe.unlink(missing_ok=True)
    return sorted(times)[len(times) // 2]


def check_databases(places: Places) -> Iterator[Finding]:
    """Every database that exists: whole or damaged, and how large."""
    found = False
    for name, path in places.databases():
        if path.is_file() and path.stat().st_size:
            found = True
            yield _database(f"Database ({name})", path)
    if not found:
        yield ok("Database", "none yet; it is made at the first start")


def _database(name: str, path: Path) -> Finding:
    size = f"{path.name}, {path.stat().st_size / 1e6:.0f} MB"
    deadline = time.monotonic() + DATABASE_SECONDS
    advice = "Move the file away (keep it) and start again: candles load anew, trades stand in the JSONL files too."
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)) as connection:
            connection.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)
            answer = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            connection.execute("SELECT count(*) FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            return ok(name, f"{size}; too large for a full look here, what was seen is whole")
        return warn(name, f"{size}: {error}", "Close other programs that use it, then ask again.")
    except sqlite3.DatabaseError as error:
        answer = str(error)
    return ok(name, f"{size}, whole") if answer == "ok" else fail(name, f"{size}: damaged ({answer})", advice)


def check_terminal(environment: dict[str, str] | None = None) -> Iterator[Finding]:
    """Window size, colours, encoding, and which terminal this is."""
    variables = dict(os.environ) if environment is None else environment
    if not (sys.stdout is not None and sys.stdout.isatty()):
        yield ok("Terminal", "not looked at, because the output is redirected")
        return
    yield _kind_of_terminal(variables)
    size = shutil.get_terminal_size()
    text = f"{size.columns} x {size.lines}"
    if (size.columns, size.lines) < SMALLEST or size.lines < SMALLEST[1]:
        yield fail("Window size", text, "Make the window at least 80 x 24, or shrink the text with Ctrl+minus.")
    elif size.columns < COMFORTABLE[0] or size.lines < COMFORTABLE[1]:
        yield ok("Window size", f"{text}; from 120 x 35 on all panels fit side by side")
    else:
        yield ok("Window size", text)
    encoding = (getattr(sys.__stdout__, "encoding", "") or "").lower().replace("-", "")
    if encoding != "utf8":
        yield warn("Encoding", encoding or "unknown", "Use plain signs: screen.plain_glyphs: true in config.yaml.")
    else:
        yield ok("Encoding", "UTF-8")


def _kind_of_terminal(variables: dict[str, str]) -> Finding:
    colours = "24 bit colours" if variables.get("COLORTERM", "") in ("truecolor", "24bit") else "fewer colours"
    if "WT_SESSION" in variables:
        return ok("Terminal", "Windows Terminal, 24 bit colours")
    if sys.platform == "win32":
        advice = "Install Windows Terminal from the Microsoft Store; the old console draws slowly and lacks signs."
        return warn("Terminal", "the old Windows console", advice)
    name = variables.get("TERM_PROGRAM") or variables.get("TERM") or "unknown"
    if name == "dumb":
        return fail("Terminal", "a terminal that cannot place text", "Start futtui in another terminal.")
    return ok("Terminal", f"{name}, {colours}")
