"""What screen and engine say to each other over a socket of this machine: frames, greetings, questions and answers.

A frame is its length in four bytes and then msgpack. The greeting proves to both sides that the other one knows the
secret, without saying it: a stranger at either end learns nothing and is turned away.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import fields
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from futtui.domain.candle_series import CandleSeries
from futtui.domain.events import Command
from futtui.domain.live_check import LiveReport
from futtui.domain.past_signals import SimilarSignals
from futtui.domain.performance import PerformanceReport
from futtui.domain.signal import Signal
from futtui.domain.silence import WhyNoSignals
from futtui.domain.snapshot import DeskSnapshot, EngineSnapshot
from futtui.domain.taking import TakeLook
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneEvent
from futtui.live.attach.picture import SENT_FIELDS, Sent
from futtui.version import VERSION

HOST = "127.0.0.1"
LENGTH_BYTES = 4
GREETING_BYTES = 4_096
QUESTION_BYTES = 2_000_000
ANSWER_BYTES = 200_000_000
MOST_CANDLES = 20_000
MOST_ZONES = 1_000

Number = Annotated[int, msgspec.Meta(ge=1)]


class Hello(msgspec.Struct, frozen=True):
    """The engine's first word."""

    futtui: str
    nonce: str


class Introduction(msgspec.Struct, frozen=True):
    """The screen's answer, with its proof of the secret."""

    futtui: str
    shape: str
    nonce: str
    proof: str


class Welcome(msgspec.Struct, frozen=True):
    """The engine's proof, or in `refused` why this screen may not come in. `speed`: how fast its time runs."""

    proof: str = ""
    speed: float = 1.0
    refused: str = ""


class Look(msgspec.Struct, tag=True, frozen=True):
    """The screen wants the next picture: it gets one as soon as there is a new one."""


class Order(msgspec.Struct, tag=True, frozen=True):
    """A command of the user."""

    number: Number
    name: str
    content: msgspec.Raw


class AskCandles(msgspec.Struct, tag=True, frozen=True):
    """Candles for a chart."""

    number: Number
    symbol: str
    timeframe: Timeframe
    limit: Annotated[int, msgspec.Meta(ge=0, le=MOST_CANDLES)]
    before_ms: int | None


class AskPerformance(msgspec.Struct, tag=True, frozen=True):
    """What became of the signals of some days."""

    number: Number
    days: int | None


class AskLiveReport(msgspec.Struct, tag=True, frozen=True):
    """What stands for and against Live."""

    number: Number


class AskWhyNot(msgspec.Struct, tag=True, frozen=True):
    """What stood against signals."""

    number: Number
    symbol: str
    since_ms: int


class AskSimilar(msgspec.Struct, tag=True, frozen=True):
    """What became of signals like this one."""

    number: Number
    signal: Signal


class AskZoneStory(msgspec.Struct, tag=True, frozen=True):
    """What happened at zones."""

    number: Number
    symbol: str
    zone_ids: Annotated[list[str], msgspec.Meta(max_length=MOST_ZONES)]


class AskTaking(msgspec.Struct, tag=True, frozen=True):
    """What taking a signal would mean."""

    number: Number
    signal_id: str


Question = Order | AskCandles | AskPerformance | AskLiveReport | AskWhyNot | AskSimilar | AskZoneStory | AskTaking


class Picture(msgspec.Struct, tag=True, frozen=True):
    """What is new in the engine's picture, and the exchange's time."""

    now_ms: int
    news: msgspec.Raw


class Standstill(msgspec.Struct, tag=True, frozen=True):
    """There is no new picture yet; the exchange's time."""

    now_ms: int


class Answer(msgspec.Struct, tag=True, frozen=True):
    """The answer to a question."""

    number: int
    content: msgspec.Raw


class Refusal(msgspec.Struct, tag=True, frozen=True):
    """Why there is none."""

    number: int
    text: str


class Goodbye(msgspec.Struct, tag=True, frozen=True):
    """The engine's last word."""

    text: str


FromEngine = Picture | Standstill | Answer | Refusal | Goodbye
ANSWERS: dict[type[Any], Any] = {
    Order: str,
    AskCandles: CandleSeries,
    AskPerformance: PerformanceReport,
    AskLiveReport: LiveReport,
    AskWhyNot: WhyNoSignals,
    AskSimilar: SimilarSignals,
    AskZoneStory: tuple[ZoneEvent, ...],
    AskTaking: TakeLook,
}


@cache
def shape() -> str:
    """A fingerprint of everything that is said: where it differs, the two sides would misunderstand each other."""
    hints = [get_type_hints(EngineSnapshot, include_extras=True), get_type_hints(DeskSnapshot, include_extras=True)]
    told = [hint for own in hints for name, hint in own.items() if name not in ("sent", "desk")]
    sent = get_type_hints(Sent)
    told += [sent[name] for name in SENT_FIELDS]
    told += [*get_args(Command), *get_args(Question), *get_args(FromEngine), Look, *ANSWERS.values()]
    names = [[item.name for item in fields(each)] for each in (EngineSnapshot, DeskSnapshot, Sent)]
    schemas = msgspec.json.schema_components(told)
    return hashlib.blake2b(msgspec.json.encode([VERSION, names, schemas]), digest_size=8).hexdigest()


def new_nonce() -> str:
    """A number that is used once."""
    return secrets.token_hex(16)


def proof(secret: str, side: Literal["screen", "engine"], nonce: str) -> str:
    """What only who knows the secret can say about `nonce`."""
    return hmac.new(secret.encode(), f"{side} {nonce}".encode(), hashlib.sha256).hexdigest()


def is_proof(given: str, secret: str, side: Literal["screen", "engine"], nonce: str) -> bool:
    """Whether `given` is that."""
    return hmac.compare_digest(given.encode(), proof(secret, side, nonce).encode())


def frame(message: Any) -> bytes:
    """A message as it goes over the wire."""
    content = msgspec.msgpack.encode(message)
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


async def read_frame(reader: asyncio.StreamReader, most_bytes: int) -> bytes:
    """The next message; raises msgspec.ValidationError when it is longer than anything that could be meant."""
    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
    if length > most_bytes:
        raise msgspec.ValidationError(f"A message of {length} bytes was announced.")
    return await reader.readexactly(length)
