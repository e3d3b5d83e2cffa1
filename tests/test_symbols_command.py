"""`futtui symbols`: the choice of symbols with its reasons, asked from an exchange."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner

from futtui.cli.app import app
from tests.live.engine_world import exchange, server_config


async def answer(tmp_path: Path, *words: str) -> str:
    """What the command prints about an embedded exchange with two symbols."""
    config = tmp_path / "config.yaml"
    config.write_text("market: {never: [ETHUSDT], min_quote_volume: 0}\n", encoding="utf-8")
    async with exchange(server_config()) as world:
        line = ["symbols", "--url", world.endpoints.rest, "--config", str(config), "--home", str(tmp_path), *words]
        result = await asyncio.to_thread(CliRunner().invoke, app, line)
    assert result.exit_code == 0, result.output
    return result.output


async def test_symbols_command_prints_who_is_in_and_why(tmp_path: Path) -> None:
    first, second, last = (await answer(tmp_path)).splitlines()
    assert first.startswith("in   BTCUSDT")
    assert "number 1 by turnover" in first
    assert second.startswith("out  ETHUSDT")
    assert "never watched" in second
    assert last.startswith("1 of 2 symbols")


async def test_symbols_command_json_has_the_same(tmp_path: Path) -> None:
    rows = json.loads(await answer(tmp_path, "--json"))
    assert [(row["symbol"], row["watched"]) for row in rows] == [("BTCUSDT", True), ("ETHUSDT", False)]
    assert all(row["reason"] for row in rows)
