"""Blocks set and taken off: by command, and by their own end."""

from __future__ import annotations

from futtui.desk.outbox import Outbox
from futtui.domain.events import BlockSymbol, UnblockSymbol
from futtui.risk.blocks import STRATEGY_MARK, BlockList, block_key, block_words


def set_block(blocks: BlockList, out: Outbox, event: BlockSymbol) -> None:
    """Keep what the event names out of new trades; an event that names nothing changes nothing."""
    key = block_key(event.symbol, event.strategy)
    if not key:
        return
    blocks.block(key, event.until_ms, event.reason)
    out.block(key, event.until_ms, event.reason, event.time_ms)
    out.say(event.time_ms, "block", f"{block_words(key)}: no new trades, {event.reason}", symbol=event.symbol)


def take_off_block(blocks: BlockList, out: Outbox, event: UnblockSymbol) -> None:
    """Allow again what the event names."""
    key = block_key(event.symbol, event.strategy)
    if blocks.unblock(key):
        out.block(key, None, "allowed by you", event.time_ms)
        out.say(event.time_ms, "block", f"{block_words(key)}: new trades are allowed again", symbol=event.symbol)


def end_blocks(blocks: BlockList, out: Outbox, time_ms: int) -> None:
    """Take off the blocks whose time is over."""
    for key in blocks.ended(time_ms):
        out.block(key, None, "the block is over", time_ms)
        text = f"{block_words(key)}: the block is over, new trades are allowed"
        out.say(time_ms, "block", text, symbol=key.partition(STRATEGY_MARK)[0])
