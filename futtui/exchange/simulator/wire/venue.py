"""The exchange behind the wire: moves virtual time, feeds the core with ticks and tells the streams what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from futtui.exchange.simulator.core.careful import CarefulFills
from futtui.exchange.simulator.core.exchange import ExchangeCore
from futtui.exchange.simulator.core.liquidity import FlatBook
from futtui.exchange.simulator.core.records import OrderEvent
from futtui.exchange.simulator.ports import MarketSource, MarketTick
from futtui.exchange.simulator.wire.clock import VirtualClock
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.countdown import Countdowns
from futtui.exchange.simulator.wire.directory import SymbolDirectory
from futtui.exchange.simulator.wire.fault_rules import FaultRule, FaultScript, load_fault_script
from futtui.exchange.simulator.wire.faults import FaultEngine
from futtui.exchange.simulator.wire.frames import encode
from futtui.exchange.simulator.wire.hub import Hub
from futtui.exchange.simulator.wire.limits import RequestLimits
from futtui.exchange.simulator.wire.listen_keys import ListenKeys
from futtui.exchange.simulator.wire.market_state import MarketState
from futtui.exchange.simulator.wire.publisher import Publisher
from futtui.exchange.simulator.wire.streams import CONTRACT_INFO
from futtui.exchange.simulator.wire.user_events import force_order_event, listen_key_expired, user_events

MAX_LOOP_REAL_MS = 1000
LONGEST_TICK_GAP_MS = 60_000


@dataclass(slots=True)
class AccountModes:
    """Modes of the account and rights of its key that clients may ask for. The core always trades one-way and alone."""

    can_trade: bool = True
    hedge: bool = False
    multi_asset: bool = False
    key_withdraws: bool = False
    key_bound: bool = True
    key_trades: bool = True


class Venue:
    """All parts of one embedded exchange. Synchronous: whoever calls decides when time moves."""

    def __init__(self, config: ServerConfig, source: MarketSource, real_s: Callable[[], float]) -> None:
        self.config = config
        self.source = source
        self.clock = VirtualClock(source.start_ms, config.speed, real_s)
        self.market = MarketState(source)
        flat = FlatBook(1, config.slippage_pct) if config.fills == "careful" else None
        self.core = ExchangeCore(
            source.specs, source.start_ms, seed=config.seed, funding_rate=source.funding_rate, liquidity=flat
        )
        self._fills = None if flat is None else CarefulFills(self.core, flat, config.api_key)
        self.directory = SymbolDirectory(source.specs, self.core)
        account = self.core.add_account(config.api_key, config.api_secret, config.balance)
        account.update_time_ms = source.start_ms  # the deposit; clients skip balances that were never updated
        self.core.apply_ticks(
            MarketTick(market.symbol, source.start_ms, market.last_price, 0.0, None)
            for market in self.market.symbols.values()
        )
        self.faults = FaultEngine()
        self.market.hides = self.faults.hides
        self.hub = Hub(self.clock, self.faults)
        self.publisher = Publisher(self.market, self.hub, self.core, self.clock)
        self.limits = RequestLimits(self.clock)
        self.keys = ListenKeys(config.seed, real_s)
        self.countdowns = Countdowns()
        self.modes = AccountModes()
        self.barriers = 0
        if config.fault_file:
            self.load_faults(load_fault_script(config.fault_file))

    @property
    def ended(self) -> bool:
        """Whether the market has run out of data."""
        return self.source.end_ms is not None and self.clock.now_ms >= self.source.end_ms

    def load_faults(self, script: FaultScript) -> None:
        """Arm the rules of a script from now on."""
        self.faults.load(script, self.clock.now_ms)

    def step(self) -> None:
        """Move on by one step of the lockstep grid, never across its boundary, and publish."""
        step_ms = self.config.step_ms
        self.move_to((self.clock.now_ms // step_ms + 1) * step_ms)

    def catch_up(self) -> None:
        """Move to where virtual time should be by now, and publish."""
        target_ms = self.clock.target_ms()
        farthest_ms = self.clock.now_ms + int(MAX_LOOP_REAL_MS * (self.clock.speed or 1.0))
        if target_ms > farthest_ms:
            target_ms = farthest_ms
            self.clock.slip_to(target_ms)
        if target_ms > self.clock.now_ms:
            self.move_to(target_ms)
        else:
            self.publish_state()

    def move_to(self, to_ms: int) -> None:
        """Let the market run until `to_ms`: every bar close and every user event in order, then the newest state."""
        if self.source.end_ms is not None:
            to_ms = min(to_ms, self.source.end_ms)
        ticks = self.source.ticks(self.clock.now_ms, to_ms) if to_ms > self.clock.now_ms else []
        first = 0
        while first < len(ticks):
            time_ms = ticks[first].time_ms
            last = first
            while last < len(ticks) and ticks[last].time_ms == time_ms:
                last += 1
            self._apply(ticks[first:last], time_ms)
            first = last
        self._pass_time(max(to_ms, self.clock.now_ms))
        if self.ended and not self.clock.lockstep:
            self.clock.stop_at(self.clock.now_ms)
        self.publish_state()

    def publish_state(self) -> None:
        """Publish the newest state of everything and send all that is queued."""
        self.publisher.publish_state(self.clock.now_ms)
        self.hub.flush()

    def barrier(self) -> tuple[int, int]:
        """Mark the streams; the mark's number and on how many connections it went out."""
        self.barriers += 1
        count = self.hub.publish_barrier(self.barriers)
        self.hub.flush()
        return self.barriers, count

    def tell_users(self) -> None:
        """Queue what the core has to tell; `hub.flush` or the next loop sends it."""
        for event in self.core.drain_events():
            now_ms = self.clock.now_ms
            if isinstance(event, OrderEvent) and event.execution_type == "CALCULATED":
                self._tell_force_order(event)
            key = self.keys.of_account(event.api_key)
            if key is None or not self.hub.listens(key):
                continue
            symbol = getattr(event, "symbol", "") or getattr(getattr(event, "order", None), "symbol", "")
            for body in user_events(event, now_ms):
                self.hub.publish(key, encode(body), body["e"], symbol)

    def end_listen_keys(self, keys: list[str]) -> None:
        """Tell the streams of these keys that they are dead; their connections stay open."""
        for key in keys:
            body = listen_key_expired(key, self.clock.now_ms)
            self.hub.publish(key, encode(body), "listenKeyExpired")
            self.hub.retire(key)

    def check_timers(self) -> None:
        """Do what falls due by real time: listen keys that nobody kept alive."""
        self.end_listen_keys(self.keys.expired())

    def _apply(self, ticks: list[MarketTick], time_ms: int) -> None:
        if time_ms - self.clock.now_ms > LONGEST_TICK_GAP_MS:
            self._pass_time(time_ms - 1)
        else:
            self.publisher.close_bars(time_ms - 1)
        self.clock.now_ms = time_ms
        symbols = self.market.symbols
        for tick in ticks:
            symbols[tick.symbol].apply(tick)
        self._trade(ticks)
        self.tell_users()
        self.publisher.publish_trades(ticks, time_ms)
        self._pass_time(time_ms)

    def _trade(self, ticks: list[MarketTick]) -> None:
        if self._fills is None:
            self.core.apply_ticks(ticks)
            return
        for tick in ticks:
            self._fills.move(tick.symbol, tick.time_ms, tick.price, tick.price, tick.price)

    def _pass_time(self, until_ms: int) -> None:
        """Everything that time alone brings up to `until_ms`."""
        self.publisher.close_bars(until_ms)
        if until_ms > self.clock.now_ms:
            self.clock.now_ms = until_ms
        if until_ms > self.core.now_ms:
            self.core.advance_time(until_ms)
        for api_key, symbol in self.countdowns.due(until_ms):
            self.core.cancel_all_orders(api_key, symbol)
        self.tell_users()
        self.hub.release(until_ms)
        for rule in self.faults.due(until_ms):
            self._strike(rule)

    def _strike(self, rule: FaultRule) -> None:
        if rule.action == "disconnect":
            self.hub.flush()
            self.hub.disconnect(rule.route, round(rule.older_than_s * 1000))
        elif rule.action == "shift_clock":
            self.clock.shift_ms += rule.shift_ms
        elif rule.action == "change_symbol":
            self.directory.change(rule, self.clock.now_ms)
            told = self.directory.contract_event(rule, self.clock.now_ms)
            if told is not None:
                self.hub.publish(CONTRACT_INFO, encode(told), "contractInfo", rule.symbol)
        else:
            self.end_listen_keys(self.keys.expire_all())

    def _tell_force_order(self, event: OrderEvent) -> None:
        symbol = event.order.symbol
        payload = encode(force_order_event(event, self.clock.now_ms))
        for stream in (f"{symbol.lower()}@forceOrder", "!forceOrder@arr"):
            self.hub.publish(stream, payload, "forceOrder", symbol)
