"""`futtui telegram setup` as a user runs it: a process of its own against the local Bot API server."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from futtui.cli import telegram_command
from futtui.config.settings import load, load_secrets
from futtui.telegram.first_contact import Contact
from tests.telegram.bot_api_server import OWNER, TOKEN, BotApiServer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[BotApiServer]:
    running = BotApiServer()
    await running.start()
    yield running
    await running.stop()


async def setup(server: BotApiServer, home: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and everything printed."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("FUTTUI")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "futtui", "telegram", "setup", "--home", str(home), *arguments),
        cwd=home,
        env=environment | {"FUTTUI__TELEGRAM__BASE_URL": server.url, "PYTHONPATH": str(Path.cwd())},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_setup_finds_the_chat_and_keeps_everything(server: BotApiServer, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FUTTUI_API_KEY=mine\n")
    (tmp_path / "config.yaml").write_text("# my settings\nscreen:\n  theme: light  # for the day")
    server.write("/start")
    code, output = await setup(server, tmp_path, "--token", TOKEN, "--wait", "30")
    assert code == 0, output
    assert "@futtui_bot" in output
    assert TOKEN not in output
    assert [each.chat_id for each in server.sent] == [OWNER]
    settings = load(tmp_path / "config.yaml", {}).settings
    assert (settings.telegram.enabled, settings.telegram.chat_id) == (True, OWNER)
    assert settings.screen.theme.value == "light"
    assert "# for the day" in (tmp_path / "config.yaml").read_text()
    secrets = load_secrets((tmp_path,))
    assert (secrets["FUTTUI_API_KEY"], secrets["FUTTUI_TELEGRAM_TOKEN"]) == ("mine", TOKEN)
    code, output = await setup(server, tmp_path, "--wait", "1")  # the token is known, nobody writes
    assert code != 0
    assert "Nobody wrote to @futtui_bot" in output


async def test_setup_explains_what_went_wrong(server: BotApiServer, tmp_path: Path) -> None:
    server.token_known = False
    code, output = await setup(server, tmp_path, "--token", TOKEN)
    assert (code, "does not know this token" in output) == (2, True), output
    server.token_known, server.down = True, True
    code, output = await setup(server, tmp_path, "--token", TOKEN)
    assert code != 0
    assert "cannot be reached" in output
    assert "Traceback" not in output
    assert not (tmp_path / "config.yaml").exists()
    assert not (tmp_path / ".env").exists()


def test_setup_adds_to_files_that_powershell_wrote(tmp_path: Path) -> None:
    environment, config = tmp_path / ".env", tmp_path / "config.yaml"
    environment.write_text("FUTTUI_API_KEY=mine\r\n", encoding="utf-16")
    config.write_text("screen:\r\n  theme: light  # на день\r\n", encoding="utf-16")
    telegram_command._keep_token(environment, TOKEN)
    telegram_command._keep_chat(config, Contact(OWNER, OWNER, "Olena"))
    secrets = load_secrets((tmp_path,))
    assert (secrets["FUTTUI_API_KEY"], secrets["FUTTUI_TELEGRAM_TOKEN"]) == ("mine", TOKEN)
    loaded = load(config).settings
    assert (loaded.screen.theme.value, loaded.telegram.chat_id) == ("light", OWNER)
    assert "# на день" in config.read_text(encoding="utf-8")
