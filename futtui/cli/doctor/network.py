"""Checks of the way to the exchange: proxy, names, encryption, requests, clock, streams."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from futtui.cli.doctor.findings import Finding, fail, ok, warn
from futtui.domain.errors import ExchangeError
from futtui.exchange.ports import Endpoints, KlineMessage, MarkPriceMessage, StreamMessage, is_loopback

SLOW_MS = 800.0
STREAM_SECONDS = 12.0
NAME_SECONDS = 6.0
RESTRICTED = 451
INTERCEPTORS = (
    "kaspersky", "avast", "avg ", "eset", "bitdefender", "zscaler", "fortinet", "fortigate", "netskope", "sophos",
    "umbrella", "palo alto", "mcafee", "norton", "dr.web", "checkpoint", "check point", "squid", "mitmproxy",
    "fiddler", "charles", "adguard", "bluecoat", "blue coat", "trend micro", "watchguard", "barracuda",
)  # fmt: skip
"""Names in certificates of programs that read encrypted traffic: virus scanners, company firewalls, debuggers."""
OFFLINE_ADVICE = "Check the cable or Wi-Fi; then the DNS server of the router (1.1.1.1 or 8.8.8.8 work everywhere)."
INTERCEPTED_ADVICE = (
    "A virus scanner or firewall reads your encrypted traffic. Switch off its HTTPS scanning for the exchange's "
    "address; never enter an API key while this lasts."
)


def hosts_of(endpoints: Endpoints) -> list[tuple[str, int, bool]]:
    """Host, port and whether it is encrypted, of both addresses; each once."""
    found: dict[tuple[str, int, bool], None] = {}
    for url in (endpoints.rest, endpoints.stream):
        parts = urlsplit(url)
        secure = parts.scheme in ("https", "wss")
        found[parts.hostname or "", parts.port or (443 if secure else 80), secure] = None
    return list(found)


def proxy_of(endpoints: Endpoints) -> str:
    """The proxy through which requests go, without a password; empty for none."""
    host = urlsplit(endpoints.rest).hostname or ""
    if is_loopback(endpoints.rest) or urllib.request.proxy_bypass(host):
        return ""
    proxy = urllib.request.getproxies().get(urlsplit(endpoints.rest).scheme, "")
    parts = urlsplit(proxy if "://" in proxy or not proxy else f"http://{proxy}")
    return f"{parts.scheme}://{parts.hostname}:{parts.port or 8080}" if parts.hostname else ""


async def check_proxy(endpoints: Endpoints) -> Iterable[Finding]:
    """Whether a proxy stands in between, and whether it answers."""
    proxy = proxy_of(endpoints)
    if not proxy:
        return [ok("Proxy", "none")]
    parts = urlsplit(proxy)
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(parts.hostname, parts.port), 5.0)
        writer.close()
    except (OSError, TimeoutError) as error:
        advice = "Correct or remove the proxy (system settings, or HTTPS_PROXY in the environment)."
        return [fail("Proxy", f"{proxy} does not answer ({_why(error)})", advice)]
    advice = "If requests fail or streams break off, ask whoever runs it, or go without (NO_PROXY)."
    return [warn("Proxy", f"requests go through {proxy}", advice)]


async def check_names(endpoints: Endpoints) -> list[Finding]:
    """Whether the names of the exchange lead somewhere sensible."""
    loop = asyncio.get_running_loop()
    findings = []
    for host, port, _ in hosts_of(endpoints):
        begin = time.perf_counter()
        try:
            found = await asyncio.wait_for(loop.getaddrinfo(host, port, type=socket.SOCK_STREAM), NAME_SECONDS)
        except (OSError, TimeoutError) as error:
            findings.append(fail("Names (DNS)", f"{host} was not found ({_why(error)})", OFFLINE_ADVICE))
            continue
        addresses = sorted({str(entry[4][0]) for entry in found})
        inside = [text for text in addresses if not ip_address(text.partition("%")[0]).is_global]
        if inside and not is_loopback(endpoints.rest):
            advice = "A provider or a filter in the router redirects it. Use another DNS server, as 1.1.1.1."
            findings.append(warn("Names (DNS)", f"{host} leads to {inside[0]}, which is not the exchange", advice))
        else:
            took = (time.perf_counter() - begin) * 1000.0
            findings.append(ok("Names (DNS)", f"{host} leads to {addresses[0]} ({took:.0f} ms)"))
    return findings


async def check_encryption(endpoints: Endpoints, trust: ssl.SSLContext | None = None) -> list[Finding]:
    """Whether the certificates are the exchange's own; `trust` replaces the system's list of issuers (tests)."""
    findings = []
    for host, port, secure in hosts_of(endpoints):
        if not secure:
            text = f"{host}:{port} is not encrypted"
            local = is_loopback(endpoints.rest)
            advice = "Use https and wss addresses for anything outside this computer."
            findings.append(
                ok("Encryption", f"{text}, as is right here") if local else warn("Encryption", text, advice)
            )
        elif proxy_of(endpoints):
            findings.append(ok("Encryption", f"{host}: looked at by the requests below, because of the proxy"))
        else:
            findings.append(await asyncio.wait_for(_encryption_of(host, port, trust), 8.0))
    return findings


async def _encryption_of(host: str, port: int, trust: ssl.SSLContext | None) -> Finding:
    try:
        issuer = await _issuer(host, port, trust or ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        return await _distrusted(host, port, error)
    except (OSError, TimeoutError) as error:
        return fail("Encryption", f"{host}:{port} cannot be reached ({_why(error)})", OFFLINE_ADVICE)
    if any(name in issuer.lower() for name in INTERCEPTORS):
        return warn("Encryption", f"{host}: the certificate was made by {issuer}", INTERCEPTED_ADVICE)
    return ok("Encryption", f"{host}: certificate by {issuer}")


async def _distrusted(host: str, port: int, error: ssl.SSLCertVerificationError) -> Finding:
    blind = ssl.create_default_context()
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    try:
        issuer = await _issuer(host, port, blind)
    except (OSError, TimeoutError):
        issuer = "somebody unknown"
    reason = error.verify_message or "it is not trusted"
    text = f"{host}: the certificate by {issuer} is not accepted ({reason})"
    if "expired" in reason or "not yet valid" in reason:
        return fail("Encryption", text, "Look at the date and time of this PC first; they decide whether it is valid.")
    if "ostname mismatch" in reason or "IP address mismatch" in reason:
        advice = "Another site answers: a log-in page of the Wi-Fi (open a browser), or a provider that blocks."
        return fail("Encryption", text, advice)
    return fail("Encryption", text, INTERCEPTED_ADVICE)


async def _issuer(host: str, port: int, context: ssl.SSLContext) -> str:
    """Who signed the certificate that the host shows; raises OSError."""
    _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.close()
    return _issuer_of(shown)


def _issuer_of(certificate: bytes) -> str:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    name = x509.load_der_x509_certificate(certificate).issuer
    parts = [
        str(item.value)
        for key in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        for item in name.get_attributes_for_oid(key)
    ]
    return ", ".join(dict.fromkeys(parts)) or "an unnamed issuer"


async def check_requests(endpoints: Endpoints, ban_file: Path) -> list[Finding]:
    """Whether the exchange answers, how fast, what the request budget is, and how the PC's clock stands."""
    from futtui.exchange.binance.budget import BanFile
    from futtui.exchange.binance.errors import Banned
    from futtui.exchange.binance.rest import BinanceRest

    rest = BinanceRest(endpoints, total_seconds=6.0, ban_file=BanFile(ban_file, endpoints.rest), on_ban=lambda _: None)
    try:
        await rest.clock_offset_ms()
        await rest.server_time_ms()  # from now on the budget counts in the exchange's minutes
        return list(_answers(endpoints, rest))
    except Banned as error:
        return [fail("Requests", str(error), "Leave futtui alone until then: every request would prolong the ban.")]
    except ExchangeError as error:
        if getattr(error, "http_status", 0) == RESTRICTED or "restricted location" in str(error):
            advice = "The exchange does not serve the country your address belongs to; a VPN exit may be the reason."
            return [fail("Requests", f"{endpoints.rest} refuses this place (451)", advice)]
        return [fail("Requests", str(error), "The lines above may say why; otherwise try again in a few minutes.")]
    finally:
        await rest.close()


def _answers(endpoints: Endpoints, rest: object) -> Iterator[Finding]:
    from futtui.exchange.binance.rest import BinanceRest
    from futtui.live.clock_watch import clock_advice

    assert isinstance(rest, BinanceRest)
    clock = rest.clock_view()
    assert clock is not None
    latency_ms = 2.0 * (clock.uncertainty_ms - 1)
    text = f"{endpoints.rest} answers in {latency_ms:.0f} ms"
    if latency_ms > SLOW_MS:
        yield warn("Requests", text, "The way is slow: a VPN, a weak Wi-Fi, or a busy line. Stops fill later then.")
    else:
        yield ok("Requests", text)
    budget = rest.budget.view()
    yield ok("Request budget", f"{budget.used} of {budget.limit} weight used this minute by this address")
    if is_loopback(endpoints.rest):
        yield ok("Clock", "an exchange on this computer keeps its own time")
        return
    offset = clock.offset_ms or 0
    text = f"{offset:+d} ms to the exchange, within {clock.uncertainty_ms} ms"
    advice = clock_advice(offset, None)
    yield warn("Clock", text, advice) if advice else ok("Clock", text)


async def check_streams(endpoints: Endpoints) -> list[Finding]:
    """Whether live prices come in, over the same connection as in the app."""
    from futtui.exchange.binance.streams import BinanceStreams

    arrived = asyncio.Event()
    kinds: set[type] = set()

    def on_message(message: StreamMessage) -> None:
        if isinstance(message, KlineMessage | MarkPriceMessage):
            kinds.add(type(message))
            arrived.set()

    streams = BinanceStreams(endpoints, on_message)
    begin = time.perf_counter()
    try:
        async with asyncio.timeout(STREAM_SECONDS):
            await streams.subscribe(["!markPrice@arr@1s", "btcusdt@kline_15m"])
            await arrived.wait()
    except TimeoutError:
        advice = (
            "Requests may work while streams do not: a proxy or firewall that breaks off WebSocket connections is the "
            "usual reason. futtui then asks for candles one by one, which is slower."
        )
        return [fail("Streams", f"no prices from {endpoints.stream} within {STREAM_SECONDS:g} s", advice)]
    finally:
        await streams.close()
    return [ok("Streams", f"first price after {(time.perf_counter() - begin) * 1000:.0f} ms from {endpoints.stream}")]


def _why(error: BaseException) -> str:
    from futtui.exchange.binance.reasons import plain_reason

    return plain_reason(error)
