"""Failures of the network in words."""

from __future__ import annotations

import errno
import os
import socket

import aiohttp
import pytest

from futtui.exchange.binance.reasons import plain_reason
from futtui.exchange.ports import Endpoints


async def test_plain_reason_of_a_closed_port_is_words_without_addresses() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"http://127.0.0.1:{port}/")
    assert plain_reason(caught.value) == os.strerror(errno.ECONNREFUSED).lower()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "its name was not found"),
        (TimeoutError(), "no answer in time"),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed ('1.2.3.4', 443)"),
            "none of its addresses answered",
        ),
        (ValueError("as it is"), "as it is"),
        (EOFError(), "EOFError"),
    ],
)
def test_plain_reason_of_other_failures(error: BaseException, words: str) -> None:
    assert plain_reason(error) == words


@pytest.mark.parametrize(("host", "local"), [("127.0.0.1:1", True), ("localhost", True), ("fapi.binance.com", False)])
def test_endpoints_on_this_computer_are_local(host: str, local: bool) -> None:
    assert Endpoints(f"http://{host}", "wss://fstream.binance.com", "").local is local
