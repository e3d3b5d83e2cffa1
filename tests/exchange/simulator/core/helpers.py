"""A small exchange for tests: two symbols, one rich account, short ways to place orders."""

from __future__ import annotations

from decimal import Decimal

from futtui.domain.symbols import SymbolRules
from futtui.exchange.simulator.core import (
    AccountEvent,
    AlgoEvent,
    AlgoRequest,
    CoreEvent,
    ExchangeCore,
    OrderEvent,
    OrderRequest,
)
from futtui.exchange.simulator.core.liquidity import FlatBook
from futtui.exchange.simulator.ports import MarketTick, SymbolSpec

KEY = "key"
BTC = "BTCUSDT"
ALT = "ADAUSDT"
START_MS = 1_704_067_200_000  # 2024-01-01 00:00 UTC
D = Decimal


def btc_rules(**changes: object) -> SymbolRules:
    values = {
        "symbol": BTC,
        "base_asset": "BTC",
        "tick_size": D("0.1"),
        "step_size": D("0.001"),
        "min_quantity": D("0.001"),
        "max_quantity": D("1000"),
        "market_max_quantity": D("120"),
        "min_notional": D("50"),
        "min_price": D("556.8"),
        "max_price": D("4529764"),
    }
    return SymbolRules(**(values | changes))  # type: ignore[arg-type]


def alt_rules() -> SymbolRules:
    return btc_rules(
        symbol=ALT,
        base_asset="ADA",
        tick_size=D("0.0001"),
        step_size=D("1"),
        min_quantity=D("5"),
        max_quantity=D("2000000"),
        market_max_quantity=D("300000"),
        min_notional=D("5"),
        min_price=D("0.0018"),
        max_price=D("200"),
    )


def new_core(
    *, balance: str = "10000", flat: bool = False, btc_price: float = 50_000.0, **options: object
) -> ExchangeCore:
    """An exchange with one account at its first price; `flat` = endless liquidity at the last price."""
    specs = [SymbolSpec(btc_rules(), 0), SymbolSpec(alt_rules(), 0)]
    liquidity = FlatBook(0) if flat else None
    core = ExchangeCore(specs, START_MS, liquidity=liquidity, **options)  # type: ignore[arg-type]
    core.add_account(KEY, "secret", D(balance))
    tick(core, btc_price, 1)
    tick(core, 0.5, 1, ALT)
    core.drain_events()
    return core


def tick(core: ExchangeCore, price: float, after_ms: int = 1_000, symbol: str = BTC) -> None:
    core.apply_tick(MarketTick(symbol, core.now_ms + after_ms, price, 1.0, None))


def market(side: str, quantity: str, symbol: str = BTC, **more: object) -> OrderRequest:
    return OrderRequest(symbol=symbol, side=side, order_type="MARKET", quantity=D(quantity), **more)  # type: ignore[arg-type]


def limit(side: str, quantity: str, price: str, symbol: str = BTC, tif: str = "GTC", **more: object) -> OrderRequest:
    return OrderRequest(
        symbol=symbol,
        side=side,
        order_type="LIMIT",
        quantity=D(quantity),
        price=D(price),
        time_in_force=tif,
        **more,  # type: ignore[arg-type]
    )


def stop(side: str, trigger: str, quantity: str | None = None, symbol: str = BTC, **more: object) -> AlgoRequest:
    values = {
        "symbol": symbol,
        "side": side,
        "order_type": "STOP_MARKET",
        "trigger_price": D(trigger),
        "quantity": D(quantity) if quantity else None,
        "close_position": quantity is None,
    }
    return AlgoRequest(**(values | more))  # type: ignore[arg-type]


def story(events: list[CoreEvent]) -> list[str]:
    """The events as short words, e.g. `TRADE FILLED`, `ACCOUNT ORDER`, `ALGO TRIGGERED`."""
    words = []
    for event in events:
        if isinstance(event, OrderEvent):
            words.append(f"{event.execution_type} {event.order.status}")
        elif isinstance(event, AlgoEvent):
            words.append(f"ALGO {event.algo.status}")
        elif isinstance(event, AccountEvent):
            words.append(f"ACCOUNT {event.reason}")
        else:
            words.append(f"LEVERAGE {event.leverage}")
    return words
