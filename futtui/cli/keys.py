"""The keys of the account, from the environment, a `.env` file, or the key store of the system."""

from __future__ import annotations

from pathlib import Path

from futtui.cli.places import Places
from futtui.exchange.ports import Credentials


def keys_of(places: Places) -> Credentials | None:
    """Key and secret; None when there are none."""
    from futtui.config.settings import load_secrets

    found = load_secrets((Path.cwd(), places.home))
    key, secret = found.get("FUTTUI_API_KEY", ""), found.get("FUTTUI_API_SECRET", "")
    return Credentials(key, secret) if key and secret else None
