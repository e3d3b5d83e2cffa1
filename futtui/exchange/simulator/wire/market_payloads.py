"""Market data as the wire shows it: kline rows and events, tickers, trades. Field sets as documented in late 2026.

Decimals are texts. `null` stands where a replayed archive does not know the taker volume: the real exchange always
knows it, and a made-up number would be read as a fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from futtui.domain.candle import Candle
from futtui.exchange.simulator.core.records import Bracket
from futtui.exchange.simulator.ports import MarketTick, SymbolSpec
from futtui.exchange.simulator.wire.book import DepthChange
from futtui.exchange.simulator.wire.intervals import INTERVALS
from futtui.exchange.simulator.wire.market_state import FormingBar, SymbolMarket, quote_volume

USD_MARGINED = 1
FUNDING_PERIOD_MS = 8 * 3_600_000
TRADE_GRID_MS = 5_000
DELIVERY_MS = 4_133_404_800_000
"""The delivery date of a contract without an end."""


def next_funding_ms(now_ms: int, period_ms: int = FUNDING_PERIOD_MS) -> int:
    """The first funding time strictly after `now_ms` (00, 08, 16 UTC where nothing else is said)."""
    return (now_ms // period_ms + 1) * period_ms


def trade_id(time_ms: int) -> int:
    """Id of the buyers' part of the trades at `time_ms`; the sellers' part is the next number."""
    return time_ms // 100 * 2


def kline_row(market: SymbolMarket, code: str, candle: Candle) -> list[Any]:
    """A row of GET klines for a complete bar."""
    price, quantity = market.price_format, market.quantity_format
    taker, taker_quote = candle.taker_buy_volume, candle.taker_buy_quote_volume
    return [
        candle.open_time_ms,
        price % candle.open,
        price % candle.high,
        price % candle.low,
        price % candle.close,
        quantity % candle.volume,
        INTERVALS[code].end_ms(candle.open_time_ms) - 1,
        f"{quote_volume(candle):.5f}",
        _trades(candle, code),
        None if taker is None else quantity % taker,
        None if taker_quote is None else f"{taker_quote:.5f}",
        "0",
    ]


def forming_row(market: SymbolMarket, bar: FormingBar) -> list[Any]:
    """The last row of GET klines: the bar that is still open."""
    price, quantity = market.price_format, market.quantity_format
    taker, taker_quote = bar.taker_buy_volume, bar.taker_buy_quote
    return [
        bar.open_time_ms,
        price % bar.open,
        price % bar.high,
        price % bar.low,
        price % bar.close,
        quantity % bar.volume,
        bar.end_ms - 1,
        f"{bar.quote_volume:.5f}",
        bar.trades,
        None if taker is None else quantity % taker,
        None if taker_quote is None else f"{taker_quote:.5f}",
        "0",
    ]


def kline_event(market: SymbolMarket, code: str, row: list[Any], closed: bool, now_ms: int) -> dict[str, Any]:
    """A kline stream event from a row of GET klines; `closed` marks the bar's final message."""
    body = _kline_body(code, row, closed)
    return {"e": "kline", "E": now_ms, "s": market.symbol, "k": {"t": row[0], "T": row[6], "s": market.symbol, **body}}


def continuous_kline_event(
    market: SymbolMarket, code: str, row: list[Any], closed: bool, now_ms: int
) -> dict[str, Any]:
    """The same for a continuous contract."""
    bar = {"t": row[0], "T": row[6], **_kline_body(code, row, closed)}
    return {"e": "continuous_kline", "E": now_ms, "ps": market.symbol, "ct": "PERPETUAL", "k": bar}


def _kline_body(code: str, row: list[Any], closed: bool) -> dict[str, Any]:
    return {
        "i": code,
        "f": trade_id(row[0]) + 2,
        "L": trade_id(row[6] + 1) + 1,
        "o": row[1],
        "c": row[4],
        "h": row[2],
        "l": row[3],
        "v": row[5],
        "n": row[8],
        "x": closed,
        "q": row[7],
        "V": row[9],
        "Q": row[10],
        "B": "0",
    }


def aggregate_trades(market: SymbolMarket, tick: MarketTick, bid: str, ask: str) -> list[dict[str, Any]]:
    """The trades of one tick as two aggregates: what buyers took at the ask, what sellers took at the bid.

    Where the buyers' share is unknown, all of it is one aggregate on the side to which price moved.
    """
    first = trade_id(tick.time_ms)
    quantity = market.quantity_format
    taker = tick.taker_buy_volume
    if taker is None:
        rising = market.price_format % tick.price == ask
        parts = [(first + (0 if rising else 1), market.price_format % tick.price, tick.volume, not rising)]
    else:
        parts = [(first, ask, taker, False), (first + 1, bid, tick.volume - taker, True)]
    return [
        {
            "a": number,
            "p": price,
            "q": quantity % size,
            "nq": quantity % size,
            "f": number,
            "l": number,
            "T": tick.time_ms,
            "m": buyer_is_maker,
        }
        for number, price, size, buyer_is_maker in parts
        if float(quantity % size) > 0
    ]


def trade_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of GET trades from an aggregated trade."""
    quote = float(row["p"]) * float(row["q"])
    return {
        "id": row["a"],
        "price": row["p"],
        "qty": row["q"],
        "quoteQty": f"{quote:.2f}",
        "time": row["T"],
        "isBuyerMaker": row["m"],
        "isRPITrade": False,
    }


def depth_event(symbol: str, change: DepthChange, now_ms: int) -> dict[str, Any]:
    """A depthUpdate event; for depth5/10/20 `change` carries the whole top of the book."""
    return {
        "e": "depthUpdate",
        "E": now_ms,
        "T": now_ms,
        "s": symbol,
        "U": change.first_id,
        "u": change.last_id,
        "pu": change.previous_id,
        "b": change.bids,
        "a": change.asks,
        "ps": symbol,
        "st": USD_MARGINED,
    }


def book_ticker_event(market: SymbolMarket, best: tuple[list[str], list[str]], now_ms: int) -> dict[str, Any]:
    """A bookTicker event."""
    bid, ask = best
    return {
        "e": "bookTicker",
        "u": market.book.last_update_id,
        "E": now_ms,
        "T": now_ms,
        "s": market.symbol,
        "b": bid[0],
        "B": bid[1],
        "a": ask[0],
        "A": ask[1],
        "ps": market.symbol,
        "st": USD_MARGINED,
    }


def mark_price_event(symbol: str, mark: str, rate: str, funding_ms: int, now_ms: int) -> dict[str, Any]:
    """A markPriceUpdate event; this market's index is its own mark price."""
    return {
        "e": "markPriceUpdate",
        "E": now_ms,
        "s": symbol,
        "p": mark,
        "ap": mark,
        "i": mark,
        "P": mark,
        "r": rate,
        "T": funding_ms,
        "st": USD_MARGINED,
    }


def ticker_row(market: SymbolMarket, day: FormingBar, now_ms: int) -> dict[str, Any]:
    """A row of GET ticker/24hr."""
    price = market.price_format
    tick = market.last_tick
    return {
        "symbol": market.symbol,
        "priceChange": price % (day.close - day.open),
        "priceChangePercent": f"{(day.close / day.open - 1.0) * 100.0:.3f}",
        "weightedAvgPrice": price % (day.quote_volume / day.volume if day.volume else day.close),
        "lastPrice": price % day.close,
        "lastQty": market.quantity_format % (tick.volume if tick else 0.0),
        "openPrice": price % day.open,
        "highPrice": price % day.high,
        "lowPrice": price % day.low,
        "volume": market.quantity_format % day.volume,
        "quoteVolume": f"{day.quote_volume:.2f}",
        "openTime": day.open_time_ms,
        "closeTime": now_ms,
        "firstId": trade_id(day.open_time_ms) + 2,
        "lastId": trade_id(now_ms) + 1,
        "count": day.trades,
    }


def ticker_event(row: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """A 24hrTicker event from a row of GET ticker/24hr."""
    return {
        "e": "24hrTicker",
        "E": now_ms,
        "s": row["symbol"],
        "p": row["priceChange"],
        "P": row["priceChangePercent"],
        "w": row["weightedAvgPrice"],
        "c": row["lastPrice"],
        "Q": row["lastQty"],
        "o": row["openPrice"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "v": row["volume"],
        "q": row["quoteVolume"],
        "O": row["openTime"],
        "C": row["closeTime"],
        "F": row["firstId"],
        "L": row["lastId"],
        "n": row["count"],
        "ps": row["symbol"],
        "st": USD_MARGINED,
    }


def mini_ticker_event(row: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """A 24hrMiniTicker event from a row of GET ticker/24hr."""
    return {
        "e": "24hrMiniTicker",
        "E": now_ms,
        "s": row["symbol"],
        "c": row["lastPrice"],
        "o": row["openPrice"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "v": row["volume"],
        "q": row["quoteVolume"],
        "ps": row["symbol"],
        "st": USD_MARGINED,
    }


def contract_info_event(
    spec: SymbolSpec, state: str, ends_ms: int | None, now_ms: int, brackets: Sequence[Bracket] | None
) -> dict[str, Any]:
    """A contractInfo event; `brackets` only where the leverage table changed."""
    event: dict[str, Any] = {
        "e": "contractInfo",
        "E": now_ms,
        "s": spec.rules.symbol,
        "ps": spec.rules.symbol,
        "ct": "PERPETUAL",
        "dt": ends_ms or DELIVERY_MS,
        "ot": spec.onboard_time_ms,
        "cs": state,
        "st": USD_MARGINED,
    }
    if brackets is not None:
        lowest = (*(bracket.initial_leverage + 1 for bracket in brackets[1:]), 1)
        event["bks"] = [
            {
                "bs": bracket.number,
                "bnf": int(bracket.floor),
                "bnc": int(bracket.cap),
                "mmr": float(bracket.maintenance_ratio),
                "cf": float(bracket.cum),
                "mi": least,
                "ma": bracket.initial_leverage,
            }
            for bracket, least in zip(brackets, lowest, strict=True)
        ]
    return event


def _trades(candle: Candle, code: str) -> int:
    """Trades in the bar; where the archive does not say, the prints this exchange made of it."""
    if candle.trade_count is not None:
        return candle.trade_count
    return max(1, (INTERVALS[code].end_ms(candle.open_time_ms) - candle.open_time_ms) // TRADE_GRID_MS)
