"""The file of waiting messages: a disk in trouble, or an end in the middle of a message, loses and repeats nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from futtui.domain.effects import Say, Severity
from futtui.telegram.alerts import Alert, Importance
from futtui.telegram.outbox import Outbox
from tests.telegram.bot_api_server import BotApiServer
from tests.telegram.conftest import NOW_MS, PhoneEngine, nothing_waits, running_bot, until


class _Disk:
    """A connection whose disk takes nothing while it is `full`, and gives nothing either while it is `gone`."""

    def __init__(self, connection: sqlite3.Connection, state: SimpleNamespace) -> None:
        self._connection = connection
        self._state = state

    def executescript(self, script: str) -> sqlite3.Cursor:
        return self._connection.executescript(script)

    def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        if self._state.gone or (self._state.full and statement.split()[0] in ("INSERT", "UPDATE", "DELETE")):
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(statement, values)

    def __enter__(self) -> None:
        self._connection.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._connection.__exit__(*error)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The disk under every outbox: `full` and `gone` may be set."""
    state, connect = SimpleNamespace(full=False, gone=False), sqlite3.connect
    monkeypatch.setattr(
        "futtui.telegram.outbox.sqlite3.connect", lambda *given, **named: _Disk(connect(*given, **named), state)
    )
    return state


@pytest.mark.parametrize("trouble", ["full", "gone"])
def test_an_outbox_without_its_disk_keeps_what_comes_and_knows_what_was_sent(
    tmp_path: Path, disk: SimpleNamespace, trouble: str
) -> None:
    outbox = Outbox(tmp_path / "phone.sqlite", 100)
    alerts = [Alert(f"key {number}", f"text {number}", NOW_MS, Importance.HIGH) for number in range(4)]
    outbox.put(alerts[0])
    first = outbox.next()
    assert first is not None
    setattr(disk, trouble, True)
    outbox.sent(first.number, 11)
    assert outbox.put(alerts[1])
    assert not outbox.put(alerts[1])  # its key is known
    second = outbox.next()
    assert second is not None
    assert second.text == "text 1"
    outbox.doubtful(second.number)
    again = outbox.next()
    assert again is not None
    assert again.tries == 1
    outbox.sent(again.number, 12)
    assert outbox.next() is None
    assert not outbox.put(alerts[1])
    outbox.put(alerts[2])
    setattr(disk, trouble, False)
    outbox.put(alerts[3])
    left = []
    while (waiting := outbox.next()) is not None:
        left.append(waiting.text)
        assert outbox.waiting == 3 - len(left)
        outbox.sent(waiting.number, 13)
    assert sorted(left) == ["text 2", "text 3"]
    outbox.close()
    assert Outbox(tmp_path / "phone.sqlite", 100).next() is None


async def test_a_disk_that_takes_nothing_neither_silences_the_phone_nor_repeats_a_message(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path, disk: SimpleNamespace
) -> None:
    alarms = [Say(NOW_MS + number, "risk", f"Alarm {'abcd'[number]}", Severity.ERROR, "ETHUSDT") for number in range(4)]
    async with running_bot(server, engine, tmp_path) as bot:
        for number, (full, gone) in enumerate([(True, False), (True, False), (False, True), (False, False)]):
            disk.full, disk.gone = full, gone
            bot.on_line(alarms[number])
            await server.wait_for(number + 1)
        await until(lambda: nothing_waits(tmp_path / "phone.db"))  # the last answer has reached the bot
    async with running_bot(server, engine, tmp_path):  # and nothing comes again after a restart
        await server.answer_to("/status")
    told = [each.text.split("\n")[0] for each in server.sent[:-1]]
    assert [text[text.index("Alarm") :] for text in told] == ["Alarm a", "Alarm b", "Alarm c", "Alarm d"]


async def test_a_message_whose_answer_is_cut_off_by_the_end_says_at_the_next_start_that_it_may_come_twice(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    server.hang_once = True
    async with running_bot(server, engine, tmp_path) as bot:
        bot.on_line(Say(NOW_MS, "risk", "the stop is missing", Severity.ERROR, "ETHUSDT"))
        await server.wait_for(1)
    async with running_bot(server, engine, tmp_path):
        first, again = await server.wait_for(2)
    assert "the stop is missing" in first.text
    assert "the stop is missing" in again.text
    note = "sent again: the first try got no answer"
    assert (note in first.text, note in again.text) == (False, True)
