"""`futtui doctor`."""

from __future__ import annotations

from pathlib import Path

import typer

from futtui.cli.places import Places
from futtui.domain.errors import InvalidInputError
from futtui.exchange.ports import Endpoints


def run_doctor(config: Path | None, home: Path | None, url: str, as_json: bool) -> None:
    """Look at everything and print it; leaves with exit code 1 if something is broken.

    `url`: another exchange than the configured one, as http://127.0.0.1:8899. Raises InvalidInputError for a bad one.
    """
    from futtui.cli.doctor.report import examine, print_report

    findings = examine(config, Places.of(home), endpoints_at(url) if url else None)
    raise typer.Exit(print_report(findings, as_json=as_json))


def run_key_test(what: str, config: Path | None, home: Path | None) -> None:
    """Show what arrives for each key, and print it afterwards. Raises InvalidInputError for anything but `keys`."""
    from futtui.cli.screen import need_terminal
    from futtui.config.settings import find_config, load
    from futtui.tui.key_test import KeyTest
    from futtui.tui.words import speak

    if what != "keys":
        raise InvalidInputError(
            f"futtui doctor {what}: only `futtui doctor keys` or plain `futtui doctor` is possible."
        )
    need_terminal()
    speak(load(find_config(config, Places.of(home).home)).settings.screen.language)
    test = KeyTest()
    test.run()
    for line in test.pressed:
        typer.echo(line)


def endpoints_at(url: str) -> Endpoints:
    """Both addresses of an exchange that serves requests and streams at one place."""
    scheme, sign, rest = url.strip().rstrip("/").partition("://")
    schemes = {"http": "ws", "https": "wss"}
    if not sign or scheme not in schemes or not rest:
        raise InvalidInputError(f"--url {url}: write it as in http://127.0.0.1:8899.")
    return Endpoints(f"{scheme}://{rest}", f"{schemes[scheme]}://{rest}", f"Exchange at {rest}")
