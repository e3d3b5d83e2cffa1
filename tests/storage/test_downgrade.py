"""Going back to an older database: what the older futtui could not read is put into words that it knows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine, text

from futtui.domain.effects import RecordSignal
from futtui.domain.position import TradingMode
from futtui.domain.signal import SignalStatus, Trigger
from futtui.storage import database
from futtui.storage.rows import _write_signal
from futtui.storage.store import Storage
from tests.desk.test_choosing import armed, take
from tests.desk.world import World


async def test_taken_signals_are_readable_for_the_version_before_and_keep_how_they_ended(tmp_path: Path) -> None:
    world = World(mode=TradingMode.PAPER)
    raw = armed(world)
    world.price(99.05)
    take(world, raw)
    written = [effect for effect in world.effects if isinstance(effect, RecordSignal)]
    (active,) = {item.signal.signal_id: item for item in written if item.signal.raw.is_by_hand}.values()
    later = replace(active.signal.raw, time_ms=active.signal.raw.time_ms + 1)
    refused = replace(active.signal, raw=later, status=SignalStatus.REFUSED, position_id="")
    path = tmp_path / "a.db"
    await Storage(path, "code").close()
    engine, config = create_engine(f"sqlite:///{path}"), database._config()
    with engine.begin() as connection:
        for record in (*written, RecordSignal(refused, world.now_ms)):
            _write_signal(connection, record, "code")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
        connection.commit()
        rows = connection.execute(text('SELECT status, "trigger", record FROM signals')).all()
        found = [(status, trigger, json.loads(record)) for status, trigger, record in rows]
        assert sorted(row[0] for row in found) == ["CLOSED", "REFUSED", "WAITING"]
        for status, trigger, record in found:
            assert (record["status"], record["raw"]["trigger"]) == (status, trigger)
            assert trigger != Trigger.BY_HAND.value
        command.upgrade(config, "head")
    engine.dispose()
