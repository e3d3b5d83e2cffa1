"""`futtui doctor`: each thing that can be wrong on a PC or on the way to the exchange is named, with what to do."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from futtui.cli.doctor import machine, network, runtime
from futtui.cli.doctor.findings import DaemonThreads, Finding, Level, ok, run_check
from futtui.cli.doctor.report import examine_all, lines
from futtui.cli.places import Places
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.archive.addresses import CHECKSUM_SUFFIX, file_of
from futtui.exchange.binance.budget import BanFile
from futtui.exchange.binance.budget.ban_file import BanRecord
from futtui.exchange.ports import Endpoints
from futtui.live.clock_watch import clock_advice
from futtui.storage.store import Storage
from tests.live.engine_world import exchange, server_config
from tests.windows_like import NAMED_ENCODINGS

BINANCE = Endpoints("https://fapi.binance.com", "wss://fstream.binance.com", "exchange")


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


async def test_doctor_at_an_exchange_that_is_well_finds_nothing_broken(tmp_path: Path) -> None:
    Storage(tmp_path / "futtui.db").close_now()
    async with exchange(server_config(speed=1.0)) as world:
        found = await examine_all(None, Places(tmp_path), world.endpoints)
    assert [finding for finding in found if finding.level is Level.FAIL] == []
    named = by_name(found)
    assert "first price" in named["Streams"].text
    assert "whole" in named["Database (real market)"].text
    assert named["Request budget"].text.startswith("6 of 2400")
    assert all(len(line) <= 110 for line in lines(found))


def test_doctor_command_without_network_ends_soon_with_code_1_and_json_that_says_why(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "futtui", "doctor", "--json", "--url", f"http://127.0.0.1:{port}"]
    answer = subprocess.run(
        [*command, "--home", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, **NAMED_ENCODINGS, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1, answer.stderr
    report = json.loads(answer.stdout)
    assert report["ok"] is False
    broken = {finding["name"]: finding for finding in report["findings"] if finding["level"] == "FAIL"}
    assert set(broken) == {"Requests", "Streams"}
    assert "connection refused" in broken["Requests"]["text"]
    assert all(finding["advice"] for finding in broken.values())


async def test_fs35_doctor_name_that_is_not_found_stops_the_rest_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_found(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", not_found)
    named = by_name(await examine_all(None, Places(tmp_path), BINANCE))
    assert "was not found" in named["Names (DNS)"].text
    assert "1.1.1.1" in named["Names (DNS)"].advice
    assert "Requests" not in named


async def test_fs35_doctor_name_look_up_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "NAME_SECONDS", 0.05)
    asyncio.get_running_loop().set_default_executor(DaemonThreads())
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(3600))
    named = by_name(await network.check_names(BINANCE))
    assert named["Names (DNS)"].level is Level.FAIL
    assert "no answer in time" in named["Names (DNS)"].text


async def test_doctor_name_that_leads_home_is_suspicious(monkeypatch: pytest.MonkeyPatch) -> None:
    async def redirected(*_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.1.1", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", redirected)
    (first, _) = await network.check_names(BINANCE)
    assert (first.level, "192.168.1.1" in first.text) == (Level.WARN, True)


async def test_fs35_doctor_proxy_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@127.0.0.1:9")
    (found,) = await network.check_proxy(BINANCE)
    assert found.level is Level.FAIL
    assert "http://127.0.0.1:9" in found.text
    assert "secret" not in found.text
    (local,) = await network.check_proxy(Endpoints("http://127.0.0.1:1", "ws://127.0.0.1:1", ""))
    assert local.text == "none"


@asynccontextmanager
async def encrypted_server(folder: Path, issuer: str) -> AsyncIterator[tuple[Endpoints, ssl.SSLContext]]:
    """A server with a certificate by `issuer`, and the trust of a PC on which that issuer was installed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, issuer)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(pem + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        yield (
            Endpoints(f"https://localhost:{port}", f"wss://localhost:{port}", "encrypted"),
            ssl.create_default_context(cadata=pem.decode()),
        )
    finally:
        server.close()


async def test_fs35_doctor_certificate_of_a_virus_scanner_is_recognised_trusted_or_not(tmp_path: Path) -> None:
    async with encrypted_server(tmp_path, "Kaspersky Lab ZAO") as (endpoints, trust):
        (distrusted,) = await network.check_encryption(endpoints)
        (trusted,) = await network.check_encryption(endpoints, trust)
    assert (distrusted.level, trusted.level) == (Level.FAIL, Level.WARN)
    for found in (distrusted, trusted):
        assert "Kaspersky" in found.text
        assert "HTTPS scanning" in found.advice


async def test_doctor_certificate_of_a_log_in_page_says_so(tmp_path: Path) -> None:
    async with encrypted_server(tmp_path, "Hotel Wi-Fi") as (endpoints, trust):
        elsewhere = Endpoints(endpoints.rest.replace("localhost", "127.0.0.1"), endpoints.stream, "")
        found = await network.check_encryption(elsewhere, trust)
    assert found[0].level is Level.FAIL
    assert "log-in page" in found[0].advice


async def test_doctor_during_a_ban_asks_nothing(tmp_path: Path) -> None:
    async with exchange(server_config(speed=1.0)) as world:
        world.fault("{id: counter, action: delay, path: '*', every: 1000000}")
        ends_ms = int(time.time() * 1000) + 600_000
        BanFile(tmp_path / "bans.json", world.endpoints.rest).save(BanRecord(ends_ms, ends_ms))
        (found,) = await network.check_requests(world.endpoints, tmp_path / "bans.json")
        assert found.level is Level.FAIL
        assert "banned" in found.text
        assert [report["seen"] for report in world.server.venue.faults.reports()] == [0]


@pytest.mark.parametrize(("answer", "words"), [("403", "firewall"), ("407", "proxy"), ("451", "restricted location")])
async def test_doctor_strange_answers_are_told_in_words(tmp_path: Path, answer: str, words: str) -> None:
    async with exchange(server_config(speed=1.0)) as world:
        message = "Service unavailable from a restricted location" if answer == "451" else "Unknown error."
        action = f"{{action: respond, status: {answer}, message: '{message}', path: '/fapi/*'}}"
        world.fault(action)
        (found,) = await network.check_requests(world.endpoints, tmp_path / "bans.json")
    assert found.level is Level.FAIL
    assert words in found.text or "451" in found.text
    assert "<" not in found.text
    assert found.advice


def found_by(check: Iterator[Finding]) -> dict[str, Finding]:
    return by_name(list(check))


def test_doctor_folder_that_cannot_be_written_and_damaged_database_are_broken(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    assert found_by(machine.check_folder(Places(tmp_path / "file")))["Data folder"].level is Level.FAIL
    places = Places(tmp_path)
    Storage(places.database).close_now()
    size = places.database.stat().st_size
    with places.database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    places.demo_database.write_bytes(b"this is no database at all" * 100)
    found = found_by(machine.check_databases(places))
    assert {finding.level for finding in found.values()} == {Level.FAIL}
    assert len(found) == 2


def test_doctor_data_folder_too_deep_for_windows_is_told_there_and_nowhere_else(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * (machine.LONGEST_HOME + 1))
    for system, level in (("win32", Level.WARN), ("linux", Level.OK)):
        assert found_by(machine.check_folder(Places(deep), system))["Data folder"].level is level
    longest = file_of(f"{'X' * 30}_260925", Timeframe.M15, "2024-01-31").path + CHECKSUM_SUFFIX + ".12345678.part"
    assert machine.LONGEST_HOME + len("/archive/") + len(longest) < 260


def test_doctor_database_that_another_program_holds_is_no_damage(tmp_path: Path) -> None:
    places = Places(tmp_path)
    Storage(places.database).close_now()
    with closing(sqlite3.connect(places.database)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        found = found_by(machine.check_databases(places))
    assert [finding.level for finding in found.values()] == [Level.WARN]


def test_doctor_configuration_with_a_mistake_is_broken_and_half_a_key_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text("markt: {}\n", encoding="utf-8")
    found = found_by(machine.check_configuration(tmp_path / "config.yaml", Places(tmp_path)))
    assert found["Configuration"].level is Level.FAIL
    assert "market" in found["Configuration"].text
    monkeypatch.setenv("FUTTUI_API_KEY", "abcdef")
    found = found_by(machine.check_configuration(None, Places(tmp_path / "other")))
    assert found["API key"].level is Level.WARN
    assert "abcdef" not in found["API key"].text


def test_doctor_packages_that_are_missing_or_too_old_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["rich==1.0", "textual>=1,<2", "no-such-package>=3", "pytest>=99 ; extra == 'test'"]
    monkeypatch.setattr(machine.metadata, "requires", lambda _: needed)
    (found,) = machine.check_packages()
    assert found.level is Level.FAIL
    assert [name in found.text for name in ("rich is", "textual is", "no-such-package is missing")] == [True] * 3
    assert "pytest" not in found.text


async def test_doctor_check_that_hangs_or_stumbles_harms_no_other() -> None:
    async def hangs() -> list[Finding]:
        await asyncio.sleep(3600)
        return []

    async def stumbles() -> list[Finding]:
        raise KeyError("a mistake of ours")

    async def works() -> list[Finding]:
        return [ok("c", "fine")]

    found = await asyncio.gather(*(run_check("x", check, 0.05) for check in (hangs, stumbles, works)))
    assert [part[0].level for part in found] == [Level.FAIL, Level.WARN, Level.OK]


@pytest.mark.parametrize(
    ("offset_ms", "drift", "words"),
    [(3_200, None, "3.2 s behind"), (-7_200_000, None, "2 h ahead"), (10, 9_000.0, "too slow: 9.0 s an hour")],
)
def test_clock_advice_says_which_way_it_is_wrong_and_where_to_set_it(
    offset_ms: int, drift: float | None, words: str
) -> None:
    assert words in clock_advice(offset_ms, drift)
    assert "Sync now" in clock_advice(offset_ms, drift)


def test_clock_advice_for_a_clock_that_is_good_enough_is_silent() -> None:
    assert clock_advice(900, 500.0) == clock_advice(-900, None) == ""


def test_doctor_shows_the_signs_and_what_futtui_runs_on() -> None:
    assert list(runtime.check_signs(False)) == []
    signs = by_name(list(runtime.check_signs(True)))
    assert "▲▼" in signs["Signs"].text
    assert "UTF-8" in signs["Code page"].text
    found = by_name(list(runtime.check_runtime()))
    assert "EventLoop" in found["Event loop"].text
    assert sqlite3.sqlite_version in found["SQLite"].text
    assert found["Timer"].text.startswith("a wait of 1 ms takes")


@pytest.mark.parametrize(
    ("plugged", "battery", "level", "told"),
    [
        ("0x00000708", "0x00000384", Level.WARN, "plugged in after 30 min, on battery after 15 min"),
        ("0x00000000", "0x00000384", Level.OK, "plugged in never, on battery after 15 min"),
    ],
)
def test_doctor_tells_when_windows_sleeps_whatever_its_language(
    plugged: str, battery: str, level: Level, told: str
) -> None:
    answer = f"Мінімально: 0x00000000\n    Поточний індекс (мережа): {plugged}\n    Поточний (батарея): {battery}\n\n"
    (found,) = runtime.check_sleep("win32", lambda: answer)
    assert (found.level, found.text) == (level, told)


def test_doctor_knows_no_sleep_where_nothing_answers() -> None:
    def silent() -> str:
        raise FileNotFoundError("powercfg")

    assert list(runtime.check_sleep("linux")) == []
    assert [finding.level for finding in runtime.check_sleep("win32", silent)] == [Level.OK]
    assert [finding.level for finding in runtime.check_sleep("win32", lambda: "nothing")] == [Level.OK]


def test_doctor_reads_the_times_of_sleep_in_whatever_code_page_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    write = r"import sys; sys.stdout.buffer.write(b'\x98\xa0\xa3: 0x00000708\n \x98\xa0\xa3: 0x00000384\n')"
    monkeypatch.setattr(runtime, "SLEEP_QUERY", (sys.executable, "-c", write))
    (found,) = runtime.check_sleep("win32")
    assert found.text == "plugged in after 30 min, on battery after 15 min"
