"""Every button and command over real HTTP: the unmodified library against the local Bot API server."""

from __future__ import annotations

import asyncio
import string
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.events import BlockSymbol, ChangeMode, ClosePosition, SetPaused, UnblockSymbol
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.language.catalogue import TABLES, Language
from futtui.telegram.commands import COMMANDS, MENU
from futtui.telegram.formatting import escaped
from tests.telegram.bot_api_server import OWNER, BotApiServer
from tests.telegram.conftest import NOW_MS, PhoneEngine, running_bot, until


async def test_every_command_is_answered_in_every_language(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    """Each answers with real content, mode and data age; no template place is left open."""
    engine.stored = list(engine.current.desk.trades)  # type: ignore[union-attr]
    for language in Language:
        async with running_bot(server, engine, tmp_path / language.value, language=language):
            for name in COMMANDS:
                if name == "chart":
                    continue
                words = f"/{name} LINKUSDT" if name in ("zones", "strategies", "block", "mute", "close") else f"/{name}"
                answer = await server.answer_to(words)
                assert answer.text.strip(), name
                assert "{" not in answer.text, (name, answer.text)
                assert answer.chat_id == OWNER
            status = await server.answer_to("/status")
            assert TABLES[language]["mode.PAPER"] in status.text
            assert TABLES[language]["foot.synthetic"].strip() in status.text


async def test_the_eight_buttons_do_what_they_say(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    async with running_bot(server, engine, tmp_path):
        hello = await server.answer_to("/start")
        labels = [each["text"] for row in hello.markup["keyboard"] for each in row]
        assert labels == [TABLES[Language.ENGLISH][f"button.{name}"] for name in MENU]
        assert hello.markup["is_persistent"]
        shown = {label: (await server.answer_to(label)).text for label in labels}
        assert "Symbols ready: 12 of 12" in shown["Status"]
        assert "ETHUSDT" in shown["Positions"]
        assert "LINKUSDT" in shown["Signals"]
        assert "Equity" in shown["P&L"]
        assert "TIAUSDT" in shown["Risk"]
        assert "blocked by you" in shown["Risk"]
        assert "New trades are paused" in shown["Pause"]
        assert "starting" in shown["Health"]
        assert "/panic" in shown["More"]
        assert len(server.commands) == len(COMMANDS)


async def test_buttons_of_another_language_still_work(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    async with running_bot(server, engine, tmp_path, language=Language.UKRAINIAN):
        assert "Стан" in (await server.answer_to("Status")).text


async def test_a_page_is_refreshed_in_place(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    async with running_bot(server, engine, tmp_path):
        page = await server.answer_to("/status")
        engine.show(symbols_ready=7)
        server.press(page, page.button("↻"))
        assert "7 of 12" in await server.version(page, 1)
        server.press(page, page.button("↻"))  # nothing changed: Telegram says so, the user sees nothing
        await server.version(page, 2)
        assert server.calls["answerCallbackQuery"] == 2
        assert len(server.sent) == 1


async def test_long_lists_have_pages(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    desk = engine.current.desk
    assert desk is not None
    signal = desk.signals[0]
    many = tuple(
        replace(signal, raw=replace(signal.raw, time_ms=signal.raw.time_ms + number, symbol=f"COIN{number}USDT"))
        for number in range(12)
    )
    engine.show_desk(signals=many)
    async with running_bot(server, engine, tmp_path):
        page = await server.answer_to("/signals")
        assert "page 1 of 3" in page.text
        assert "COIN4USDT" in page.text
        assert "COIN5USDT" not in page.text
        server.press(page, page.button("Older"))
        assert "COIN5USDT" in await server.version(page, 1)
        server.press(page, page.button("« Newer"))
        assert "COIN0USDT" in await server.version(page, 2)


async def test_symbols_may_be_short_and_typos_are_helped(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    async with running_bot(server, engine, tmp_path):
        assert "Zones of LINKUSDT" in (await server.answer_to("/zones link")).text
        assert "Did you mean LINKUSDT" in (await server.answer_to("/zones lnik")).text
        assert "Which symbol?" in (await server.answer_to("/zones")).text
        hostile = await server.answer_to("/zones <b>x&")
        assert "&lt;B&gt;X&amp;" in hostile.text


async def test_block_unblock_and_mode(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    async with running_bot(server, engine, tmp_path):
        await server.answer_to("/block btc 2h")
        await server.answer_to("/block ETHUSDT")
        await server.answer_to("/unblock TIAUSDT")
        await server.answer_to("/mode paper")
        assert engine.commands == [
            BlockSymbol(NOW_MS, "BTCUSDT", NOW_MS + 2 * 3_600_000),
            BlockSymbol(NOW_MS, "ETHUSDT", 0),
            UnblockSymbol(NOW_MS, "TIAUSDT"),
            ChangeMode(NOW_MS, TradingMode.PAPER),
        ]
        assert "30m, 4h or 2d" in (await server.answer_to("/block btc soon")).text
        assert len(engine.commands) == 4
        engine.refuse = "The desk <says> no."
        assert "Refused: The desk &lt;says&gt; no." in (await server.answer_to("/unblock TIAUSDT")).text


async def test_status_counts_open_positions_as_the_screen_does(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    assert engine.current.desk is not None
    first, *rest = engine.current.desk.positions
    engine.show_desk(positions=(replace(first, mode=TradingMode.INFO), *rest))
    async with running_bot(server, engine, tmp_path):
        assert f"Open positions: {len(rest)} (1 more on other accounts)" in (await server.answer_to("/status")).text


async def test_pause_and_resume(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    async with running_bot(server, engine, tmp_path):
        page = await server.answer_to("Pause")
        server.press(page, page.button("▶"))
        assert "go on" in await server.version(page, 1)
        server.press(page, page.button("⏸"))
        await server.version(page, 2)
        await server.answer_to("/resume")
        assert [each.paused for each in engine.commands] == [True, False, True, False]  # type: ignore[union-attr]


async def test_the_phone_says_things_by_the_names_and_in_the_language_of_the_screen(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    assert engine.current.desk is not None
    engine.stored = list(engine.current.desk.trades)
    engine.show_desk(paused=True, pause_reason="kill switch 1 (by you)", kill_level=1)
    async with running_bot(server, engine, tmp_path, language=Language.UKRAINIAN):
        status = (await server.answer_to("стан")).text
        assert "аварійна зупинка 1 (ваша команда)" in status
        assert status.index("аварійна зупинка") < status.index(TABLES[Language.UKRAINIAN]["status.running"])
        performance = (await server.answer_to("/performance")).text
        assert "ATR Momentum" in performance
        assert "замало" in performance
        assert "INSUFFICIENT" not in performance
        assert "?" not in (await server.answer_to("/validate")).text.partition("\n")[2]
        assert "Sweep-Return" in (await server.answer_to("/signals")).text


async def test_a_pause_that_a_limit_made_is_taken_back_only_after_a_question(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    reason = "kill switch 2 (the day's loss is <3.1 %>)"
    told = escaped(reason)
    engine.show_desk(paused=True, pause_reason=reason, kill_level=2)
    async with running_bot(server, engine, tmp_path):
        assert told in (await server.answer_to("/status")).text
        page = await server.answer_to("/resume")
        assert told in page.text
        server.press(page, "do:resume")  # the button of an earlier page asks, too
        assert told in await server.version(page, 1)
        assert engine.commands == []
        yes = page.button(TABLES[Language.ENGLISH]["button.yes"])
        server.press(page, yes)
        assert "go on" in await server.version(page, 2)
        server.press(page, yes)
        await server.version(page, 3)
    assert engine.commands == [SetPaused(NOW_MS, False)]


async def test_an_old_button_does_nothing_but_offers_a_new_one_and_pausing_is_never_too_late(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    async with running_bot(server, engine, tmp_path):
        page = await server.answer_to("/mode")
        server.press(page, "do:resume", age_s=2 * 86_400)
        told = await server.version(page, 1)
        assert "This button was 2 d" in told
        assert "nothing was done" in told
        assert page.button("⏸") == "do:pause"  # what can be done now: new trades are not paused
        server.press(page, "mode:PAPER", age_s=700)
        assert "This button was 11 min old" in await server.version(page, 2)
        fresh = page.button("paper")
        assert engine.commands == []
        server.press(page, "do:pause", age_s=2 * 86_400)
        await server.version(page, 3)
        server.press(page, fresh, age_s=300)
        await server.version(page, 4)
    assert engine.commands == [SetPaused(NOW_MS, True), ChangeMode(NOW_MS, TradingMode.PAPER)]


async def test_close_asks_twice_and_happens_once(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    """A replayed update, a second press and a stranger's press change nothing."""
    desk = engine.current.desk
    assert desk is not None
    position = desk.positions[0]
    async with running_bot(server, engine, tmp_path):
        page = await server.answer_to("/positions")
        server.press(page, page.button(f"Close {position.symbol}"))
        assert "at market now?" in await server.version(page, 1)
        assert engine.commands == []
        server.press(page, page.button("Yes"), user=99)
        yes = page.button("Yes")
        update = server.press(page, yes)
        await server.version(page, 2)
        assert engine.commands == [ClosePosition(NOW_MS, position.position_id)]
        server.push({**update, "again": True})
        server.press(page, yes)
        assert "answered already" in await server.version(page, 3)
        assert engine.commands == [ClosePosition(NOW_MS, position.position_id)]


async def test_part_is_closed_by_its_button_or_by_a_typed_share_and_an_impossible_one_offers_all(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    desk = engine.current.desk
    assert desk is not None
    position = desk.positions[0]
    async with running_bot(server, engine, tmp_path):
        page = await server.answer_to(f"/close {position.symbol}")
        assert page.button("Yes, all (0.51)")
        server.press(page, page.button("Half (0.25)"))
        await server.version(page, 1)
        page = await server.answer_to("/close eth 10%")
        assert "Close 0.05 of 0.51 ETHUSDT at market now? 0.46 stay open" in page.text
        server.press(page, page.button("Yes"))
        await server.version(page, 1)
        wanted = [ClosePosition(NOW_MS, position.position_id, Decimal(share)) for share in (50, 10)]
        assert engine.commands == wanted
        assert "How much?" in (await server.answer_to("/close eth lots")).text
        page = await server.answer_to("/close eth 1")
        assert "This part cannot be closed" in page.text
        server.press(page, page.button("Yes"))
        await server.version(page, 1)
        assert engine.commands == [*wanted, ClosePosition(NOW_MS, position.position_id)]


async def test_panic_throws_the_kill_switch_once(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    desk = engine.current.desk
    assert desk is not None
    async with running_bot(server, engine, tmp_path):
        question = await server.answer_to("/panic")
        server.press(question, question.button("No"))
        assert "Nothing was done" in await server.version(question, 1)
        question = await server.answer_to("/panic")
        server.press(question, question.button("Yes"))
        await server.version(question, 1)
        assert engine.commands == [KillSwitch(NOW_MS, KillLevel.FLATTEN, "by you, from the phone")]
        assert f"{len(desk.positions)} positions" in question.text


async def test_a_question_expires(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    async with running_bot(server, engine, tmp_path, confirm_s=1):
        question = await server.answer_to("/mode live")
        await asyncio.sleep(1.1)
        server.press(question, question.button("Yes"))
        assert "too old" in await server.version(question, 1)
        assert engine.commands == []
        question = await server.answer_to("/mode live")
        server.press(question, question.button("Yes"))
        await server.version(question, 1)
        assert engine.commands == [ChangeMode(NOW_MS, TradingMode.LIVE)]


async def test_strangers_get_no_answer_and_are_logged_once(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(server, engine, tmp_path):
        for _ in range(3):
            server.write("/status", user=666)
            server.write("/panic", user=666, chat=-100)
        server.write("/panic", user=666, chat=OWNER)
        await server.answer_to("/status")
        assert {each.chat_id for each in server.sent} == {OWNER}
        assert len(server.sent) == 1
        assert engine.commands == []
    assert sum("666" in record.getMessage() for record in caplog.records) == 3  # one for each chat


async def test_old_commands_are_refused_but_an_urgent_one_counts_for_ten_minutes(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    async with running_bot(server, engine, tmp_path):
        server.write("/unblock TIAUSDT", age_s=300)
        server.write("/mode paper", age_s=300)
        server.write("/pause", age_s=300)
        await until(lambda: SetPaused(NOW_MS, True) in engine.commands)
        server.write("/pause", age_s=700)
        server.write("/status")
        await server.wait_for(3)
        assert engine.commands == [SetPaused(NOW_MS, True)]
        refusals = [each for each in server.sent if "was not carried out" in each.text]
        assert len(refusals) == 1  # a row of old commands is refused in one sentence


async def test_the_language_stays_after_a_restart(server: BotApiServer, engine: PhoneEngine, tmp_path: Path) -> None:
    async with running_bot(server, engine, tmp_path):
        page = await server.answer_to("/language")
        server.press(page, page.button("Українська"))
        assert "українською" in await server.version(page, 1)
    async with running_bot(server, engine, tmp_path):
        assert "Режим" in (await server.answer_to("/status")).text


async def test_a_mistake_of_ours_is_told_and_the_bot_goes_on(
    server: BotApiServer, engine: PhoneEngine, tmp_path: Path
) -> None:
    async with running_bot(server, engine, tmp_path):
        kept = engine.trades
        engine.trades = None  # type: ignore[assignment, method-assign]
        assert "because of an error" in (await server.answer_to("/pnl")).text
        engine.trades = kept  # type: ignore[method-assign]
        assert "Equity" in (await server.answer_to("/pnl")).text


@pytest.mark.parametrize("language", [Language.UKRAINIAN, Language.RUSSIAN])
def test_languages_have_the_same_texts_and_places(language: Language) -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, other = TABLES[Language.ENGLISH], TABLES[language]
    assert other.keys() == english.keys()
    assert {key: places(text) for key, text in other.items()} == {key: places(text) for key, text in english.items()}


@pytest.mark.parametrize("language", list(Language))
def test_every_way_out_every_mode_and_state_has_its_words(language: Language) -> None:
    """A missing one would cost the message about a trade."""
    for kind, names in (("exit", ExitReason), ("mode", TradingMode), ("regime", Regime), ("side", Side)):
        missing = [each.value for each in names if f"{kind}.{each.value}" not in TABLES[language]]
        assert missing == [], kind
