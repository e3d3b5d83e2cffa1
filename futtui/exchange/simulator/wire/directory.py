"""What exchangeInfo tells of each symbol now: its rules, its state, and when its contract ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from futtui.domain.timeframe import HOUR_MS
from futtui.exchange.simulator.core.brackets import BracketTable
from futtui.exchange.simulator.core.exchange import ExchangeCore
from futtui.exchange.simulator.ports import SymbolSpec
from futtui.exchange.simulator.wire.fault_rules import FaultRule
from futtui.exchange.simulator.wire.market_payloads import contract_info_event

TRADING = "TRADING"


class SymbolDirectory:
    """The listed symbols; a change holds for requests and for new orders at once, open orders stay as they are."""

    def __init__(self, specs: Sequence[SymbolSpec], core: ExchangeCore) -> None:
        self._core = core
        self._entries: dict[str, tuple[SymbolSpec, str, int | None]] = {
            spec.rules.symbol: (spec, TRADING, None) for spec in specs
        }

    def entries(self) -> Iterator[tuple[SymbolSpec, str, int | None]]:
        """Rules, state and end (None = endless) of every symbol, in listing order."""
        yield from self._entries.values()

    def change(self, rule: FaultRule, now_ms: int) -> None:
        """Carry out a `change_symbol` rule; a symbol that is not listed stays unlisted."""
        known = self._entries.get(rule.symbol)
        if known is None:
            return
        spec, state, ends_ms = known
        rules = spec.rules
        rules = replace(rules, tick_size=Decimal(rule.tick) if rule.tick else rules.tick_size)
        if rule.step:
            step = Decimal(rule.step)
            rules = replace(rules, step_size=step, min_quantity=max(step, rules.min_quantity))
        spec, state = replace(spec, rules=rules), rule.state or state
        ends_ms = now_ms + round(rule.ends_s * 1000) if rule.ends_s else ends_ms
        self._entries[rule.symbol] = (spec, state, ends_ms)
        self._core.update_symbol(spec)
        self._core.set_open(rule.symbol, state == TRADING)
        if rule.funding_hours:
            self._core.set_funding_interval(rule.symbol, rule.funding_hours * HOUR_MS)
        if rule.tiers:
            self._core.set_brackets(rule.symbol, BracketTable.from_tiers(rule.tier_rows))

    def contract_event(self, rule: FaultRule, now_ms: int) -> dict[str, Any] | None:
        """What `!contractInfo` tells after a `change_symbol` rule; None where the exchange says nothing.

        It speaks of a contract's state, its end and its leverage table; of new ticks and steps it does not.
        """
        known = self._entries.get(rule.symbol)
        if known is None or not (rule.state or rule.ends_s or rule.tiers):
            return None
        spec, state, ends_ms = known
        brackets = self._core.brackets(rule.symbol) if rule.tiers else None
        return contract_info_event(spec, state, ends_ms, now_ms, brackets)
