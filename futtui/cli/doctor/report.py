"""Runs all checks and prints what they found, for people or as JSON."""

from __future__ import annotations

import asyncio
import json
import textwrap
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import typer

from futtui.cli.doctor import machine, network, runtime
from futtui.cli.doctor.findings import Check, DaemonThreads, Finding, Level, run_check, warn
from futtui.cli.doctor.running import check_running
from futtui.cli.places import Places
from futtui.cli.where import exchange_of
from futtui.domain.errors import FuttuiError
from futtui.exchange.ports import Endpoints
from futtui.version import VERSION

SECONDS = 10.0
STREAM_SECONDS = network.STREAM_SECONDS + 6.0
NAME_WIDTH = 22
WIDTH = 110
SCHEMA = 1


def examine(config: Path | None, places: Places, endpoints: Endpoints | None) -> list[Finding]:
    """All findings, in the order in which they are best read. `endpoints` None: those of the configuration."""
    loop = asyncio.new_event_loop()
    try:
        loop.set_default_executor(DaemonThreads())
        return loop.run_until_complete(examine_all(config, places, endpoints))
    finally:
        loop.close()


async def examine_all(config: Path | None, places: Places, endpoints: Endpoints | None) -> list[Finding]:
    """As `examine`, on a loop that runs."""
    local = (
        ("Python", machine.check_python),
        ("Packages", machine.check_packages),
        ("Terminal", machine.check_terminal),
        ("Signs", runtime.check_signs),
        ("Runtime", runtime.check_runtime),
        ("Sleep", runtime.check_sleep),
        ("Configuration", partial(machine.check_configuration, config, places)),
        ("Data folder", partial(machine.check_folder, places)),
        ("Database", partial(machine.check_databases, places)),
        ("Running futtui", partial(check_running, places)),
    )
    findings = await asyncio.gather(*(run_check(name, in_thread(check), SECONDS) for name, check in local))
    return [finding for part in findings for finding in part] + await _examine_network(config, places, endpoints)


def in_thread(check: Callable[[], Iterable[Finding]]) -> Check:
    """A check that waits for disk or system, as one that does not hold up the others."""

    async def run() -> list[Finding]:
        return await asyncio.to_thread(lambda: list(check()))

    return run


async def _examine_network(config: Path | None, places: Places, endpoints: Endpoints | None) -> list[Finding]:
    if endpoints is None:
        try:
            endpoints = exchange_of(config, places)[0]
        except FuttuiError:
            return [warn("Network", "not looked at", "Correct the configuration first: it names the exchange.")]
    found = await run_check("Proxy", partial(network.check_proxy, endpoints), SECONDS)
    names = await run_check("Names (DNS)", partial(network.check_names, endpoints), SECONDS + 4.0)
    findings = [*found, *names]
    if any(finding.level is Level.FAIL for finding in names) and not network.proxy_of(endpoints):
        return [*findings, warn("Network", "the rest was not tried", "It needs the names to be found.")]
    rest = await asyncio.gather(
        run_check("Encryption", partial(network.check_encryption, endpoints), SECONDS + 8.0),
        run_check("Requests", partial(network.check_requests, endpoints, places.ban_file), 3 * SECONDS),
        run_check("Streams", partial(network.check_streams, endpoints), STREAM_SECONDS),
    )
    return [*findings, *(finding for part in rest for finding in part)]


def lines(findings: Sequence[Finding]) -> list[str]:
    """The report for people."""
    shown = []
    for finding in findings:
        head = f"{finding.level.value:<5} {finding.name:<{NAME_WIDTH}} "
        shown += _hanging(head, finding.text, " " * len(head))
        if finding.advice:
            shown += _hanging(" " * len(head) + "-> ", finding.advice, " " * (len(head) + 3))
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    shown += ["", f"{counts[Level.OK]} fine, {counts[Level.WARN]} to look at, {counts[Level.FAIL]} broken."]
    return shown


def _hanging(head: str, text: str, indent: str) -> list[str]:
    return textwrap.wrap(head + text, WIDTH, subsequent_indent=indent, drop_whitespace=True) or [head]


def print_report(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print the report; returns the exit code: 1 if anything is broken."""
    broken = any(finding.level is Level.FAIL for finding in findings)
    if as_json:
        report = {
            "schema": SCHEMA,
            "version": VERSION,
            "ok": not broken,
            "findings": [finding.as_json() for finding in findings],
        }
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        for line in lines(findings):
            typer.echo(line)
    return int(broken)
