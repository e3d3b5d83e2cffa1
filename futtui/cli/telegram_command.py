"""`futtui telegram setup`: from a token to a first message, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from futtui.cli.options import HomeOption
from futtui.cli.phone import TOKEN
from futtui.config.user_text import decoded
from futtui.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from futtui.telegram.first_contact import Contact

telegram_app = typer.Typer(help="Alerts and buttons on your phone.", rich_markup_mode=None, no_args_is_help=True)


@telegram_app.callback()
def telegram() -> None:
    """Alerts and buttons on your phone."""


@telegram_app.command()
def setup(
    token: Annotated[str, typer.Option(help="The bot's token; asked for when left out.")] = "",
    wait: Annotated[int, typer.Option(min=1, max=3600, help="Seconds to wait for your message to the bot.")] = 180,
    config: Annotated[
        Path | None, typer.Option("--config", help="Configuration file (default: ./config.yaml).")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Connect a Telegram bot: check its token, find your chat, send a test message, keep both."""
    import asyncio
    import logging

    from futtui.cli.places import Places
    from futtui.config.settings import find_config, load, load_secrets
    from futtui.telegram.first_contact import find_chat

    logging.getLogger("telegram").setLevel(logging.CRITICAL)  # what went wrong is said in a sentence of ours
    places = Places.of(home)
    file = find_config(config, places.home)
    settings = load(file).settings
    known = load_secrets((Path.cwd(), places.home)).get(TOKEN, "")
    if not token and not known:
        typer.echo("1. In Telegram, write /newbot to @BotFather and follow it. At the end it gives you a token.")
        token = typer.prompt("2. Paste the token here (it stays hidden)", hide_input=True)
    token = (token or known).strip()
    contact = asyncio.run(find_chat(token, settings.telegram.base_url, wait, settings.telegram.language, typer.echo))
    typer.echo(f"The test message is in the chat of {contact.name} ({contact.chat_id}).")
    if token != known:
        _keep_token(places.home / ".env", token)
    _keep_chat(file or places.home / "config.yaml", contact)
    typer.echo("Done. Start futtui, and the bot is with you.")


def _keep_token(file: Path, token: str) -> None:
    """Put the token into the `.env` file of futtui's data folder; everything else in it stays."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        old = decoded(file.read_bytes()).splitlines() if file.is_file() else []
        lines = [line for line in old if not line.strip().startswith(f"{TOKEN}=")]
        file.write_text("\n".join([*lines, f"{TOKEN}={token}"]) + "\n", encoding="utf-8")
        file.chmod(0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The token could not be written to {file} ({error.strerror}). "
            f"Set the environment variable {TOKEN} instead."
        ) from error
    typer.echo(f"The token is kept in {file}.")


def _keep_chat(file: Path, contact: Contact) -> None:
    """Add a section to the configuration file, or say what to change where there is one."""
    users = "" if contact.chat_id == contact.user_id else f"\n  user_ids: [{contact.user_id}]"
    section = f"telegram:\n  enabled: true\n  chat_id: {contact.chat_id}{users}\n"
    try:
        old = decoded(file.read_bytes()).replace("\r\n", "\n") if file.is_file() else ""
        if any(line.startswith("telegram:") for line in old.splitlines()):
            typer.echo(f"{file} has a section `telegram` already. Make sure that it says:\n\n{section}")
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        joint = "" if not old or old.endswith("\n") else "\n"
        file.write_text(f"{old}{joint}{section}", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written ({error.strerror}). Add these lines to it yourself:\n\n{section}"
        ) from error
    typer.echo(f"The chat is kept in {file}.")
