"""What the desk does reaches the phone: once, in order, in one thread a signal, whatever Telegram does meanwhile."""

from __future__ import annotations

import asyncio
import struct
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.effects import (
    PositionState,
    RecordPosition,
    RecordSignal,
    RecordSymbolState,
    RecordTrade,
    Say,
    Severity,
)
from futtui.domain.position import ExitReason, Trade
from futtui.domain.signal import DISMISSED, FOR_INFORMATION, TAKEN, Signal, SignalPart, SignalStatus, Trigger
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS
from futtui.signals.confidence import PART_NAME
from futtui.telegram.formatting import plain, split
from futtui.telegram.service import last_hour_ms
from tests.telegram.bot_api_server import BotApiServer, Sent
from tests.telegram.conftest import NOW_MS, PhoneEngine, nothing_waits, running_bot, until
from tests.tui import fake_engine


def a_signal(engine: PhoneEngine, status: SignalStatus = SignalStatus.ACTIVE, number: int = 0) -> Signal:
    desk = engine.current.desk
    assert desk is not None
    signal = desk.signals[0]
    raw = replace(signal.raw, time_ms=NOW_MS - MINUTE_MS - number)
    return replace(signal, raw=raw, status=status, updated_ms=NOW_MS, tags=())


def a_position(signal: Signal, **changes: object) -> RecordPosition:
    levels = signal.raw.levels
    state = PositionState(
        position_id=f"p-{signal.signal_id}",
        signal_id=signal.signal_id,
        symbol=signal.raw.symbol,
        system="CORE",
        strategy=signal.raw.strategy,
        side=signal.raw.side.value,
        mode="PAPER",
        status="PROTECTED",
        quantity="10",
        quantity_open="10",
        entry_price=str(levels.entry),
        initial_stop=str(levels.stop),
        stop=str(levels.stop),
        targets=tuple(str(target) for target in levels.targets),
        targets_hit=0,
        opened_ms=NOW_MS,
        updated_ms=NOW_MS,
        realized_pnl="0",
        fees="0",
        guard="first stop",
        best_price=0.0,
        worst_price=0.0,
    )
    return RecordPosition(replace(state, **changes), NOW_MS)  # type: ignore[arg-type]


def a_trade(signal: Signal, pnl: str = "21.40", result_r: float = 1.31) -> Trade:
    trade = fake_engine.trade(signal.raw.symbol, pnl, result_r, ExitReason.TARGET_2, 80 * MINUTE_MS)
    return replace(trade, signal_id=signal.signal_id, position_id=f"p-{signal.signal_id}")


async def test_a_trade_is_one_thread_from_signal_to_result(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    """Signal, entry, target, stop and result: each once, as answers to the signal, although records repeat."""
    signal = a_signal(engine)
    better = str(signal.raw.levels.entry)
    steps = [
        RecordSignal(signal, NOW_MS),
        a_position(signal),
        a_position(signal, targets_hit=1),
        a_position(signal, targets_hit=1, stop=better),
        RecordTrade(a_trade(signal), NOW_MS),
    ]
    async with running_bot(server, engine, tmp_path) as bot:
        for count, step in enumerate(steps, start=1):
            for _ in range(2):
                bot.on_effect(step)
            await server.wait_for(count)
        await server.answer_to("/status")
    first, entered, target, moved, closed, _ = server.sent
    assert [each.reply_to for each in (entered, target, moved, closed)] == [first.message_id] * 4
    assert "LINKUSDT" in first.text
    assert "Why:" in first.text
    for price in (signal.raw.levels.entry, signal.raw.levels.stop, *signal.raw.levels.targets):
        assert f"{price:,.3f}" in first.text  # with the decimals of the tick
    assert "Entered at" in entered.text
    assert "Target 1 reached" in target.text
    assert "Stop moved to 13.8" in moved.text
    assert "closed: +1.31 R" in closed.text
    assert all("SYNTHETIC MARKET · paper · data" in each.text for each in server.sent)


async def test_choice_of_the_user_is_told_once_in_the_thread_of_the_signal(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    """Dismissed and back are answers to the signal; what was taken is a signal of its own that says so."""
    signal = a_signal(engine)
    dismissed = replace(signal, tags=(DISMISSED,))
    by_hand = replace(signal, raw=replace(signal.raw, trigger=Trigger.BY_HAND, time_ms=NOW_MS))
    never_told = replace(a_signal(engine, number=5), tags=(DISMISSED,))
    steps = [
        RecordSignal(signal, NOW_MS),
        RecordSignal(dismissed, NOW_MS + HOUR_MS),
        RecordSignal(signal, NOW_MS + HOUR_MS + 1),
        RecordSignal(replace(signal, tags=(TAKEN,)), NOW_MS),
        RecordSignal(by_hand, NOW_MS),
        RecordSignal(never_told, NOW_MS),
    ]
    async with running_bot(server, engine, tmp_path) as bot:
        for step, count in zip(steps, (1, 2, 3, 3, 4, 4), strict=True):
            for _ in range(2):
                bot.on_effect(step)
            await server.wait_for(count)
        await server.answer_to("/status")
    first, away, back, taken, _ = server.sent
    assert [each.reply_to for each in (away, back)] == [first.message_id] * 2
    assert "not entered" in away.text
    assert "active again" in back.text
    assert (taken.reply_to, "Taken by you." in taken.text) == (None, True)
    assert "Taken by you." not in first.text


async def test_a_waiting_signal_is_answered_when_reached_or_over(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    waiting, other = (a_signal(engine, SignalStatus.WAITING, number) for number in (1, 2))
    async with running_bot(server, engine, tmp_path) as bot:
        bot.on_effect(RecordSignal(waiting, NOW_MS))
        bot.on_effect(RecordSignal(other, NOW_MS))
        await server.wait_for(2)
        bot.on_effect(RecordSignal(replace(waiting, status=SignalStatus.ACTIVE), NOW_MS))
        bot.on_effect(RecordSignal(replace(other, status=SignalStatus.EXPIRED), NOW_MS))
        sent = await server.wait_for(4)
    assert "waits" in sent[0].text
    assert ("reached the level" in sent[2].text, sent[2].reply_to) == (True, sent[0].message_id)
    assert ("did not come in time" in sent[3].text, sent[3].reply_to) == (True, sent[1].message_id)


async def test_a_signal_tells_its_odds_with_their_sample_where_they_are_known(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    plain_one, known = a_signal(engine, number=1), a_signal(engine, number=2)
    words = "such signals won about 7 of 10 (n = 240); their mean was +0.03 R [-0.01..+0.07]"
    known = replace(known, parts=(*known.parts, SignalPart(PART_NAME, 0.0, words, 0.7)))
    async with running_bot(server, engine, tmp_path) as bot:
        for signal in (plain_one, known):
            bot.on_effect(RecordSignal(signal, NOW_MS))
        sent = await server.wait_for(2)
    assert words not in sent[0].text
    assert f"🎲 {words}" in sent[1].text


async def test_information_and_old_signals_stay_silent_unless_wanted(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    told = replace(a_signal(engine, number=1), tags=(FOR_INFORMATION,))
    old = replace(a_signal(engine, number=2), updated_ms=NOW_MS - 2 * HOUR_MS)
    refused = a_signal(engine, SignalStatus.REFUSED, 3)
    async with running_bot(server, engine, tmp_path) as bot:
        for signal in (told, old, refused):
            bot.on_effect(RecordSignal(signal, NOW_MS))
        assert "Status" in (await server.answer_to("/status")).text
    async with running_bot(server, engine, tmp_path, information_signals=True) as bot:
        bot.on_effect(RecordSignal(told, NOW_MS))
        sent = await server.wait_for(2)
    assert "followed, not traded" in sent[1].text


async def test_every_other_alert(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    """Blocks, modes, data gaps, the two messages of a ban, protection failures: each said once in ten minutes."""
    ban = Say(NOW_MS, "feed", "The exchange wants no requests until 12:40", Severity.ERROR)
    over = Say(NOW_MS + HOUR_MS, "feed", "The ban is over", Severity.NOTICE)
    naked = Say(NOW_MS, "risk", "LINKUSDT: the stop was not confirmed in 2 s", Severity.ERROR, "LINKUSDT")
    lines = [
        Say(NOW_MS, "mode", "Mode changed from paper to live", Severity.NOTICE),
        Say(NOW_MS, "data", "3 candles are missing", Severity.WARNING, "BTCUSDT"),
        Say(NOW_MS + MINUTE_MS, "data", "4 candles are missing", Severity.WARNING, "BTCUSDT"),
        ban,
        naked,
        Say(NOW_MS, "trade", "bought 3 at 5", Severity.NOTICE),
        Say(NOW_MS, "alert", "SOLUSDT reached 147.10, your alert.", Severity.NOTICE, "SOLUSDT"),
        Say(NOW_MS, "alert", "SOLUSDT reached 147.20, your alert.", Severity.NOTICE, "SOLUSDT"),
        Say(NOW_MS, "telegram", "Telegram cannot be reached", Severity.WARNING),
        over,
    ]
    async with running_bot(server, engine, tmp_path) as bot:
        bot.on_effect(RecordSymbolState("ADAUSDT", NOW_MS + HOUR_MS, "two <stops> in a row", NOW_MS))
        bot.on_effect(RecordSymbolState("ADAUSDT", None, "", NOW_MS + HOUR_MS))
        for line in lines:
            bot.on_line(line)
        sent = await server.wait_for(9)
        await server.answer_to("/status")
    texts = [each.text.split("\n")[0] for each in sent[:9]]
    assert texts == [
        "⛔ ADAUSDT is blocked until 01.09. 15:32: two &lt;stops&gt; in a row",
        "✅ ADAUSDT is free again.",
        "🔀 Mode changed from paper to live",
        "⚠ BTCUSDT: 3 candles are missing",
        "🛑 The exchange wants no requests until 12:40",
        "🛑 LINKUSDT: the stop was not confirmed in 2 s",
        "🔔 SOLUSDT reached 147.10, your alert.",
        "🔔 SOLUSDT reached 147.20, your alert.",
        "⚠ The ban is over",
    ]
    assert len(server.sent) == 10


async def test_an_outage_loses_and_doubles_nothing(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    """Telegram is away, futtui is restarted meanwhile: afterwards all is there, in order, news of a trade merged."""
    signals = [a_signal(engine, number=number) for number in range(5)]
    server.down = True
    async with running_bot(server, engine, tmp_path) as bot:
        for signal in signals[:3]:
            bot.on_effect(RecordSignal(signal, NOW_MS))
        bot.on_effect(a_position(signals[0]))
        bot.on_effect(a_position(signals[0], targets_hit=1))
        await until(lambda: any("cannot be reached" in line for line in engine.lines))
    async with running_bot(server, engine, tmp_path) as bot:
        for signal in signals:  # the restarted engine tells some again
            bot.on_effect(RecordSignal(signal, NOW_MS))
        bot.on_effect(a_position(signals[0], targets_hit=1))
        await until(lambda: sum("cannot be reached" in line for line in engine.lines) == 2)  # once for each run
        server.down = False
        sent = await server.wait_for(6)
        await server.answer_to("/status")
    assert len(server.sent) == 7
    heads = [each.text for each in sent[:6]]
    assert sum("LINKUSDT</b> ·" in text for text in heads) == 5
    merged = sent[3]
    assert "Entered at" in merged.text
    assert "Target 1 reached" in merged.text
    assert merged.reply_to == sent[0].message_id
    assert sum("cannot be reached" in line for line in engine.lines) == 2


async def test_a_flood_limit_is_waited_for(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    server.flood_once_s = 3
    async with running_bot(server, engine, tmp_path) as bot:  # the bot's pauses run 50 times as fast
        began = time.monotonic()
        bot.on_effect(RecordSignal(a_signal(engine), NOW_MS))
        await server.wait_for(1)
    assert server.times_s[0] - began >= 3.0 * 0.02
    assert len(server.sent) == 1


async def test_messages_keep_their_distance(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    async with running_bot(server, engine, tmp_path, send_pause_s=0.2) as bot:
        for number in range(4):
            bot.on_effect(RecordSignal(a_signal(engine, number=number), NOW_MS))
        await server.wait_for(4)
    gaps = [after - before for before, after in zip(server.times_s, server.times_s[1:], strict=False)]
    assert min(gaps) >= 0.19


async def test_too_many_messages_drop_the_least_important(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    server.down = True
    async with running_bot(server, engine, tmp_path, outbox_limit=50) as bot:
        bot.on_line(Say(NOW_MS, "risk", "the stop is missing", Severity.ERROR))
        for number in range(80):
            bot.on_effect(RecordSymbolState(f"COIN{number}USDT", None, "", NOW_MS))
        await until(lambda: not bot._inbox)
        server.down = False
        sent = await server.wait_for(51)
    assert any("the stop is missing" in each.text for each in sent)
    assert any("31 messages could not be kept" in each.text for each in server.sent)


async def test_a_message_that_telegram_cannot_read_is_sent_plain(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("futtui.telegram.alerts.escaped", lambda text: text)
    async with running_bot(server, engine, tmp_path) as bot:
        bot.on_line(Say(NOW_MS, "risk", "a < b and <b>open", Severity.ERROR))
        sent = await server.wait_for(1)
    assert "a < b" in sent[0].text


async def test_another_reader_is_explained_and_alerts_go_on(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    server.conflict = True
    async with running_bot(server, engine, tmp_path) as bot:
        bot.on_effect(RecordSignal(a_signal(engine), NOW_MS))
        await server.wait_for(1)
        await until(lambda: any("409 Conflict" in line for line in engine.lines))
        await asyncio.sleep(0.2)
    assert sum("409 Conflict" in line for line in engine.lines) == 1


@pytest.mark.parametrize("wrong", ["token_known", "forbidden"])
async def test_a_wrong_token_or_a_closed_chat_is_explained(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path, wrong: str
) -> None:
    setattr(server, wrong, wrong == "forbidden")
    async with running_bot(server, engine, tmp_path) as bot:
        bot.on_effect(RecordSignal(a_signal(engine), NOW_MS))
        expected = (
            "does not know this token" if wrong == "token_known" else "Check the token and that the bot may write"
        )
        await until(lambda: any(expected in line for line in engine.lines))


async def test_quiet_hours_and_mutes(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    """In quiet hours only warnings make a sound; of a muted symbol only they are told."""
    async with running_bot(server, engine, tmp_path, quiet_from_hour=14, quiet_to_hour=15) as bot:  # it is 14:32
        bot.on_effect(RecordSignal(a_signal(engine), NOW_MS))
        bot.on_line(Say(NOW_MS, "risk", "LINKUSDT: no stop", Severity.ERROR, "LINKUSDT"))
        await server.wait_for(2)
        assert [each.silent for each in server.sent] == [True, False]
        await server.answer_to("/mute link")
        bot.on_effect(RecordSignal(a_signal(engine, number=1), NOW_MS))
        bot.on_line(Say(NOW_MS + HOUR_MS, "risk", "LINKUSDT: no stop", Severity.ERROR, "LINKUSDT"))
        await server.wait_for(4)
        await server.answer_to("/unmute link")
        bot.on_effect(RecordSignal(a_signal(engine, number=2), NOW_MS))
        await server.wait_for(6)
    kinds = ["signal" if "Why:" in each.text else "line" for each in server.sent if "🔕" not in each.text]
    assert kinds == ["signal", "line", "line", "line", "signal"]


async def test_the_daily_summary_comes_once(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    signal = a_signal(engine)
    engine.stored = [a_trade(signal), replace(a_trade(signal, "-10.2", -1.0), closed_ms=NOW_MS - 3 * 24 * HOUR_MS)]
    engine.now_ms = NOW_MS - HOUR_MS
    async with running_bot(server, engine, tmp_path, summary_hour=14):  # noticed at 13:32: nothing to tell
        await server.answer_to("/status")
        engine.now_ms = NOW_MS
        sent = await server.wait_for(2)
        assert "Trades closed: 1 (1 won, 0 break-even, 0 lost)" in sent[1].text
        assert "+1.31 R" in sent[1].text
        await until(lambda: nothing_waits(tmp_path / "phone.db"))  # else it would be sent a second time
    async with running_bot(server, engine, tmp_path, summary_hour=14):
        await server.answer_to("/status")
        await asyncio.sleep(0.5)
    assert len(server.sent) == 3


async def test_pictures_are_really_drawn(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    """A PNG of sane size with the signal's plan under the signal's text, and one on request."""
    async with running_bot(server, engine, tmp_path, charts=True) as bot:
        bot.on_effect(RecordSignal(a_signal(engine), NOW_MS))
        signal = (await server.wait_for(1, timeout_s=60))[0]
        chart = await server.answer_to("/chart btc 1h")
        assert "not stored" not in chart.text
        assert "15m, 1h, 4h or 1d" in (await server.answer_to("/chart btc 7m")).text
    for message in (signal, chart):
        width, height = _png_size(message)
        assert (width, height) == (1100, 700)
        assert 10_000 < len(message.photo) < 300_000
    assert "Why:" in signal.text
    assert "BTCUSDT</b> 1h" in chart.text


async def test_without_candles_a_signal_comes_without_a_picture(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    engine.candles = lambda *_: ()  # type: ignore[method-assign]
    async with running_bot(server, engine, tmp_path, charts=True) as bot:
        bot.on_effect(RecordSignal(a_signal(engine), NOW_MS))
        sent = await server.wait_for(1)
        assert "No candles" in (await server.answer_to("/chart btc 1h")).text
    assert sent[0].photo == b""
    assert "Why:" in sent[0].text


async def test_late_costs_correct_a_result_once(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    signal = a_signal(engine)
    trade = a_trade(signal)
    later = replace(trade, pnl=trade.pnl - Decimal("1.5"), result_r=1.22)
    async with running_bot(server, engine, tmp_path) as bot:
        for count, each in ((1, trade), (2, later)):
            bot.on_effect(RecordTrade(each, NOW_MS))
            bot.on_effect(RecordTrade(each, NOW_MS))
            await server.wait_for(count)
        await server.answer_to("/status")
    assert "+1.22 R" in server.sent[1].text
    assert len(server.sent) == 3


def test_long_texts_are_cut_between_lines() -> None:
    text = "\n".join(f"<b>line {number}</b> &lt;tag&gt;" for number in range(400)) + "\n" + "&amp;" * 3000
    pieces = split(text, 1000)
    assert all(len(piece) <= 1000 for piece in pieces)
    assert plain("".join(pieces)).replace("\n", "") == plain(text).replace("\n", "")
    assert all(piece.count("<b>") == piece.count("</b>") for piece in pieces)
    assert split("") == [""]


def test_the_hour_of_the_summary_follows_the_time_zone() -> None:
    from zoneinfo import ZoneInfo

    kyiv = ZoneInfo("Europe/Kyiv")
    assert last_hour_ms(NOW_MS, 14, kyiv) == NOW_MS - 32 * MINUTE_MS - 7000  # it is 14:32:07
    assert last_hour_ms(NOW_MS, 15, kyiv) == NOW_MS - 23 * HOUR_MS - 32 * MINUTE_MS - 7000


def _png_size(message: Sent) -> tuple[int, int]:
    assert message.photo[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", message.photo[16:24])  # type: ignore[return-value]
