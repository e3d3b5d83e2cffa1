"""Settings of an embedded exchange: a plain record that can be sent to a child process."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.errors import InvalidInputError
from futtui.exchange.simulator.wire.clock import check_speed

DEMO_KEY = "demo-key"
DEMO_SECRET = "demo-secret"
DEFAULT_STEP_MS = 15_000


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """How an embedded exchange is set up.

    `source`: `synthetic` or `history`. `symbols` empty = the source's own choice. `start_ms` None = the source's own
    start; `end_ms` and `history_path`, `funding_path` belong to `history`. `history_days`: days of candles before the
    start. `speed`: factor of real time, or "max" for lockstep in steps of `step_ms`. `port` 0 = any free port.
    `balance` in USDT. `fault_file` empty = no faults. `fills`: `book` trades against a made-up order book, `careful` as
    virtual accounts and backtests do, with `slippage_pct` percent of slippage. Raises InvalidInputError for values out
    of range.
    """

    source: str = "synthetic"
    symbols: tuple[str, ...] = ()
    seed: int = 7
    start_ms: int | None = None
    end_ms: int | None = None
    history_days: int = 200
    history_path: str = ""
    funding_path: str = ""
    speed: float | str = 60.0
    step_ms: int = DEFAULT_STEP_MS
    host: str = "127.0.0.1"
    port: int = 0
    balance: Decimal = Decimal("10000")
    fault_file: str = ""
    api_key: str = DEMO_KEY
    api_secret: str = DEMO_SECRET
    connection_life_s: float = 86_400.0
    fills: str = "book"
    slippage_pct: float = 0.02

    def __post_init__(self) -> None:
        check_speed(self.speed)
        if self.source not in ("synthetic", "history"):
            raise InvalidInputError(f"Unknown market source {self.source!r}. Use synthetic or history.")
        if self.fills not in ("book", "careful"):
            raise InvalidInputError(f"Unknown way of filling orders {self.fills!r}. Use book or careful.")
        if self.source == "history" and not self.history_path:
            raise InvalidInputError("A history replay needs the path of its candle files.")
        if not 1000 <= self.step_ms <= 60_000 or 60_000 % self.step_ms:
            raise InvalidInputError(f"Step {self.step_ms} ms is not usable. Use 1000 to 60000 ms that divide a minute.")

    def __repr__(self) -> str:
        return f"ServerConfig({self.source}, seed {self.seed}, speed {self.speed})"
