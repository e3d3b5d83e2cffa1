"""Pictures as bytes: what arrives is what was sent, and what did not change is the same object again."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from decimal import Decimal

import msgspec
import pytest

from futtui.domain.effects import Say
from futtui.domain.events import BlockSymbol, MoveStop, SetPaused
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.domain.position import TradingMode
from futtui.domain.sent import SentBook
from futtui.domain.snapshot import AccountMargins, EngineSnapshot, SymbolWait
from futtui.domain.universe import Standing
from futtui.live.attach.picture import PictureReader, PictureWriter, command_bytes, command_of
from futtui.live.settings import EngineSettings
from futtui.live.snapshots import starting_snapshot
from tests.tui.fake_engine import FakeEngine, MovingEngine, margins


def changed(engine: MovingEngine, chance: random.Random, book: SentBook) -> EngineSnapshot:
    """The next picture, with one more thing changed, come or gone."""
    engine.step()
    now, at = engine.current, engine.now_ms
    desk = now.desk
    kind = chance.randrange(9)
    if kind == 0:
        line = Say(at, "data", f"line {chance.random()}")
        return engine.show(log=(*now.log, line)[-20:], log_version=now.log_version + 1)
    if kind == 1 and desk is not None:
        return engine.show_desk(positions=tuple(each for each in desk.positions if chance.random() < 0.6))
    if kind == 2 and desk is not None:
        return engine.show_desk(signals=tuple(chance.sample(desk.signals, len(desk.signals) // 2)), paused=True)
    if kind == 3:
        readings = {name: each for name, each in now.readings.items() if chance.random() < 0.8}
        return engine.show(readings=readings, forming={}, waits={"ADAUSDT": SymbolWait("LOADING", 5)})
    if kind == 4:
        book.answered(book.commanded(BlockSymbol(at, "ADAUSDT", at + 1, "news")), "Done.", at)
        book.commanded(MoveStop(at, "p1", Decimal("1.50")))
        return engine.show(sent=book.view())
    if kind == 5 and desk is not None:
        return engine.show_desk(blocked={"ADAUSDT": (0, "news"), "XRPUSDT": (at, "")}, kill_level=2)
    if kind == 6:
        return engine.show(phase="failed", phase_text="Gone.", market=tuple(reversed(now.market)))
    if kind == 7:
        return engine.show(margins=chance.choice((margins(TradingMode.LIVE), margins(), AccountMargins())))
    return engine.show(standings={"ADAUSDT": Standing("ADAUSDT", False, f"too quiet {chance.random()}")})


def test_every_picture_arrives_as_it_was_sent_whatever_changed_in_between() -> None:
    for seed in range(6):
        chance, engine, book = random.Random(seed), MovingEngine(symbols=15, seed=seed), SentBook(kept=9)
        writer, reader = PictureWriter(), PictureReader()
        first = starting_snapshot(EngineSettings())
        assert reader.read(writer.write(first)) == first
        for _ in range(25):
            if chance.random() < 0.1:
                engine.show(desk=None if engine.current.desk is not None else FakeEngine().current.desk)
            if engine.current.desk is None:
                engine.show(desk=FakeEngine().current.desk)
            sent = changed(engine, chance, book)
            assert reader.read(writer.write(sent)) == sent


def test_a_picture_without_a_desk_and_one_with_it_again_arrive() -> None:
    engine, writer, reader = FakeEngine(), PictureWriter(), PictureReader()
    desk = engine.current.desk
    for wanted in (desk, None, None, desk):
        picture_now = engine.show(desk=wanted)
        assert reader.read(writer.write(picture_now)) == picture_now


def test_what_did_not_change_is_the_same_object_and_costs_next_to_nothing() -> None:
    engine, writer, reader = MovingEngine(symbols=60), PictureWriter(), PictureReader()
    whole = writer.write(engine.current)
    before = reader.read(whole)
    market = engine.current.market
    moved = replace(market[7], price=1.25, version=99)
    engine.show(market=(*market[:7], moved, *market[8:]))
    news = writer.write(engine.current)
    after = reader.read(news)
    assert after == engine.current
    assert [old is new for old, new in zip(before.market, after.market, strict=True)].count(False) == 1
    assert after.market[7] == moved
    for item in fields(EngineSnapshot):
        if item.name not in ("market", "version"):
            assert getattr(after, item.name) is getattr(before, item.name), item.name
    assert len(news) < len(whole) / 50


def test_each_command_arrives_as_it_was_sent() -> None:
    sent = [SetPaused(5, True), MoveStop(5, "p", Decimal("0.10")), KillSwitch(5, KillLevel.FLATTEN, "by a test")]
    for command in sent:
        assert command_of(*command_bytes(command)) == command


def test_what_is_no_command_is_refused() -> None:
    for name, content in (("EngineSnapshot", b"\x80"), ("SetPaused", b"\x80"), ("os.system", b"\xa2ls")):
        with pytest.raises(msgspec.MsgspecError):
            command_of(name, msgspec.Raw(content))
