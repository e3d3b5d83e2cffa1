"""A replayed archive without taker volumes says null; that becomes None, not zero and not an error."""

from __future__ import annotations

import msgspec

from futtui.exchange.binance.rest_models import KlineRow, candle_from_row
from futtui.exchange.binance.wire import KlineEvent

ROW = b'[1709164800000,"62487.9","63762.8","60452.0","61203.3","584713.883",1709251199999,"1.5",17,null,null,"0"]'
EVENT = (
    b'{"e":"kline","E":1709165700001,"s":"BTCUSDT","k":{"t":1709164800000,"T":1709165699999,"s":"BTCUSDT","i":"15m",'
    b'"f":1,"L":2,"o":"1.0","c":"1.5","h":"2.0","l":"0.5","v":"10.0","n":17,"x":true,"q":"15.0","V":null,"Q":null,"B":"0"}}'
)


def test_kline_row_unknown_taker_volume_stays_unknown() -> None:
    candle = candle_from_row(msgspec.json.decode(ROW, type=KlineRow, strict=False))
    assert (candle.taker_buy_volume, candle.taker_buy_quote_volume, candle.delta) == (None, None, None)
    assert candle.volume == 584713.883


def test_kline_event_unknown_taker_volume_stays_unknown() -> None:
    event = msgspec.json.decode(EVENT, type=KlineEvent, strict=False)
    assert (event.k.V, event.k.Q, event.k.v) == (None, None, 10.0)
