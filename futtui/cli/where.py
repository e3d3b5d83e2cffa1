"""Which exchange the configuration names, and which database belongs to it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from futtui.cli.places import Places
from futtui.config.settings import ExchangeName, Settings, find_config, load
from futtui.exchange.ports import Endpoints


def exchange_of(config: Path | None, places: Places) -> tuple[Endpoints, Path]:
    """Address and database; raises ConfigurationError when the configuration cannot be used."""
    return exchange_in(load(find_config(config, places.home)).settings, places)


def exchange_in(settings: Settings, places: Places) -> tuple[Endpoints, Path]:
    """Address and database of loaded settings."""
    from futtui.live.assembly import EXCHANGE_DEMO, PRODUCTION

    real = settings.exchange.name is ExchangeName.PRODUCTION
    known = PRODUCTION if real else EXCHANGE_DEMO
    rest, stream = settings.exchange.rest_url or known.rest, settings.exchange.stream_url or known.stream
    endpoints = Endpoints(rest, stream, known.label)
    if endpoints.local:  # whatever runs there: its prices must never pass for real ones
        label = f"Local exchange at {rest.partition('://')[2]}"
        return dataclasses.replace(endpoints, label=label), places.local_exchange_database
    return endpoints, places.database if real else places.exchange_demo_database
