"""The screen in every language: nothing missing, nothing foreign, nothing cut, and no number lost to a longer word."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, OptionList

from futtui.desk import kill, words
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.language.catalogue import Language
from futtui.language.screen import choices, preflight, said
from futtui.language.screen.tables import AREAS, screen_table
from futtui.live.symbol_state import Phase
from futtui.tui import keys
from futtui.tui.glyphs import ELLIPSIS, plain_text
from futtui.tui.heard import heard
from futtui.tui.paint import health, market, positions, signals, zones
from futtui.tui.paint.chart import gutter
from futtui.tui.paint.footer import footer_line
from futtui.tui.paint.help import help_lines
from futtui.tui.paint.numbers import (
    age_text,
    date_text,
    date_time_text,
    day_time_text,
    long_age_text,
    milliseconds_text,
)
from futtui.tui.paint.text import line_text, line_width
from futtui.tui.screens.dialog import TEXT_WIDTH
from futtui.tui.words import has_word, speak, word
from tests.tui.conftest import AppMaker
from tests.tui.screen_text import screen_text
from tests.tui.test_painters import KYIV

CYRILLIC = (Language.UKRAINIAN, Language.RUSSIAN)
TABLES = {Language.UKRAINIAN: "UKRAINIAN", Language.RUSSIAN: "RUSSIAN"}
ALPHABETS = {
    Language.UKRAINIAN: set("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"),
    Language.RUSSIAN: set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
}
LOOK_ALIKES = str.maketrans("АВСЕНІКМОРТХУЅЈ", "ABCEHIKMOPTXYSJ")
SIGNS_OF_THE_TRADE = {"TP", "PnL", "VWAP", "ATR", "POC", "VAH", "VAL", "R", "Live", "USDT"}
EVERYWHERE = pytest.mark.parametrize("language", CYRILLIC, ids=lambda language: language.value)
BY_AREA = pytest.mark.parametrize("area", AREAS, ids=lambda area: area.__name__.rpartition(".")[2])


def table_of(area: ModuleType, language: Language) -> dict[str, str]:
    """The texts of an area in a language."""
    table: dict[str, str] = getattr(area, TABLES[language])
    return table


def places(text: str) -> list[str]:
    """The names of the `{places}` of a text, sorted; how a noun follows its number is each language's own."""
    return sorted(re.findall(r"\{(\w*)[^}]*\}", text))


def words_of(text: str) -> list[str]:
    """Runs of letters, `{places}` left out, but not the nouns that follow their numbers."""
    nouns = re.sub(r"\{\w+:\|([^}]*)\}", r" \1 ", text)
    return re.findall(r"[^\W\d_]+", re.sub(r"\{[^}]*\}", " ", nouns))


@EVERYWHERE
@BY_AREA
def test_every_text_is_there_with_the_same_places(area: ModuleType, language: Language) -> None:
    table = table_of(area, language)
    assert set(table) == set(area.ENGLISH)
    assert [key for key in table if places(table[key]) != places(area.ENGLISH[key])] == []
    assert [key for key in table if not table[key].strip() and area.ENGLISH[key].strip()] == []


@EVERYWHERE
@BY_AREA
def test_letters_are_of_the_language_and_never_look_alikes(area: ModuleType, language: Language) -> None:
    for key, text in table_of(area, language).items():
        latin = {each.lower() for each in words_of(area.ENGLISH[key])} | {each.lower() for each in SIGNS_OF_THE_TRADE}
        acronyms = {each for each in words_of(area.ENGLISH[key]) if each.isupper() and len(each) > 1}
        for each in words_of(text):
            if each.isascii():
                assert each.lower() in latin, f"{key}: {each}"
            else:
                assert set(each.lower()) <= ALPHABETS[language], f"{key}: {each}"
                assert each.translate(LOOK_ALIKES) not in acronyms, f"{key}: {each}"


@EVERYWHERE
@BY_AREA
def test_sentences_are_translated(area: ModuleType, language: Language) -> None:
    table = table_of(area, language)
    names = ("strategy.", "system.", "mode.short.LIVE", "term.skipped", "term.bollinger")
    for key, text in area.ENGLISH.items():
        told = {each for each in words_of(text) if len(each) > 1} - SIGNS_OF_THE_TRADE
        if told and not text.isupper() and not key.startswith(names):
            assert table[key] != text, key


@EVERYWHERE
def test_signs_are_allowed_and_plain_signs_keep_the_letters(language: Language) -> None:
    for key, text in screen_table(language).items():
        rest = {sign for sign in plain_text(text) if not sign.isascii() and sign.lower() not in ALPHABETS[language]}
        assert rest == set(), key
        for at in (match.start() for match in re.finditer("!", text)):
            assert at == 0 or text[at - 1] == " ", key
            assert text[at + 1 : at + 2] in ("", " ", ":"), key


@EVERYWHERE
def test_words_in_cells_fit_their_columns(language: Language) -> None:
    speak(language)
    widths = {column.id: column.width for column in (*positions.COLUMNS, *signals.COLUMNS, *market.COLUMNS)}
    for prefix, column in (("signal.status.", "status"), ("exit.", "guard"), ("trade.class.", "stop"), ("bias.", "")):
        for key in (key for key in screen_table(language) if key.startswith(prefix)):
            assert len(word(key)) <= widths.get(column, 9), key
    assert len(word("signal.waits")) <= widths["age"]
    news = word("news.signal", symbol="1000PEPE", side=word("side.short"), score="99")
    assert len(f" 14:32:07  {news} {word('news.more_signals', n=12)}") <= 80
    assert len(word("position.targets_hit", hit=3, total=3)) <= widths["targets"]
    assert len(word("market.no_zone")) <= widths["zone"]
    assert len(word("zones.inside")) <= next(column.width for column in zones.COLUMNS if column.id == "gap")
    for name in ("entry", "stop", "target", "armed_long", "armed_short", "alert", "week"):
        assert len(word(f"chart.level.{name}", **({"n": 1} if name == "target" else {}))) <= gutter.NAME_WIDTH - 2
    for key, text in screen_table(language).items():
        if key.startswith("why.gate."):
            assert len(f"{1:>7,}  {text}   {word('why.last', age='23h59')} ") <= 57, key
        if key.startswith(("overlay.", "lane.")):
            assert len(re.sub(r"\{.*?\}", "", text)) <= health.LABEL, key


@EVERYWHERE
@pytest.mark.parametrize("context", sorted(keys.FOOTERS))
def test_footer_at_eighty_keeps_help_and_the_way_out(language: Language, context: str) -> None:
    speak(language)
    items, line = footer_line(context, 80)
    text = line_text(line)
    assert line_width(line) == 80
    assert f"? {word('action.help.short')}" in text
    assert text.rstrip().endswith(word("action.quit.short" if context in keys.PANELS else "action.leave.short"))
    assert len(items) >= 5
    assert all(text[item.left : item.left + item.width] == f"{item.key} {item.text}" for item in items)


@EVERYWHERE
@pytest.mark.parametrize(
    "place", [place for place in keys.FOOTERS if place in keys.PANELS or has_word(f"help.{place}")]
)
def test_help_names_every_key_explains_words_and_cuts_nothing(language: Language, place: str) -> None:
    speak(language)
    for width in (77, 101):
        lines = help_lines(place, width)
        assert all(line_width(line) <= width for line in lines)
        text = "\n".join(line_text(line) for line in lines)
        assert ELLIPSIS not in text
        assert word("help.terms") in text
        left_out = ["look_again"] if place == "settings" else []  # its key compares with the file there
        assert [item.id for item in keys.actions_in("everywhere") if item.description not in text] == left_out


def test_ages_and_dates_follow_the_language() -> None:
    hours = 2 * 3_600_000 + 6 * 60_000
    told = {}
    for language in Language:
        speak(language)
        told[language.value] = (age_text(9_000), age_text(180_000), age_text(hours), age_text(3 * 86_400_000))
        assert all(len(age_text(age)) <= 4 for age in (59_000, 59 * 60_000, hours, 23 * 3_600_000, 999 * 86_400_000))
    assert told["en"] == ("9s", "3m", "2h06", "3d")
    assert told["uk"] == ("9с", "3хв", "2г06", "3д")
    assert told["ru"] == ("9с", "3м", "2ч06", "3д")
    assert long_age_text(hours) == "2 ч 6 мин"
    assert date_time_text(0, KYIV) == "01.01.1970 03:00:00"
    assert (day_time_text(0, KYIV), date_text(0, KYIV)) == ("01.01 03:00", "01.01.1970")
    assert milliseconds_text(1.25, 18.2) == "1.2 / 18.2 мс"


async def test_a_walk_in_ukrainian_meets_no_english_and_finds_commands_by_name(make_app: AppMaker) -> None:
    app = make_app(language=Language.UKRAINIAN)
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        for shown in ("НАВЧ", "ВИГАДКА", "1 Ринок", "2 Сигнали", "Найближча зона", "Напрям", "? довідка", "q вихід"):
            assert shown in text
        for foreign in ("Market", "Nearest", "PAPER", "SYNTHETIC", "Closed trades", "help"):
            assert foreign not in text
        await pilot.press("ь")
        await pilot.pause()
        assert "Зараз режим: НАВЧАЛЬНИЙ РАХУНОК" in screen_text(app)
        await pilot.press("escape", "colon")
        await pilot.pause()
        assert isinstance(app.screen, CommandPalette)
        field = app.screen.query_one(Input)
        assert field.placeholder == word("palette.search")
        for typed, found in (("графік символу", True), ("uhfasr cbvdjke", True), ("щось інше", False)):
            field.value = typed
            await _until_listed(app.screen, word("action.chart" if found else "palette.nothing"), pilot)


async def _until_listed(screen: CommandPalette, name: str, pilot: object) -> None:
    """Waits until the list shows exactly the command `name`."""
    for _ in range(200):
        await pilot.pause()  # type: ignore[attr-defined]
        options = screen.query_one(OptionList).options
        if len(options) == 1 and name in str(options[0].prompt):
            return
    shown = [str(option.prompt) for option in screen.query_one(OptionList).options]
    raise AssertionError(f"{name} is not what is listed: {shown}")


PUT_TOGETHER = (
    *("said.closing_", "said.mode_one", "said.mode_open", "said.one_missing", "said.missing"),
    *("said.dismissed_", "said.back_", "said.not_taken_"),
)


def test_every_sentence_that_is_heard_is_really_said_by_the_engine() -> None:
    root = Path(__file__).resolve().parents[2] / "futtui"
    rooms = ("live", "desk", "analysis", "domain", "exchange", "risk")
    source = "\n".join(path.read_text(encoding="utf-8") for room in rooms for path in (root / room).rglob("*.py"))
    for key, text in (said.ENGLISH | preflight.ENGLISH | choices.ENGLISH).items():
        if not key.startswith("said."):
            continue
        if key.startswith(PUT_TOGETHER):
            continue  # put together from parts; the tests below let the engine say them
        longest = max(re.split(r"\{\w+\}", text), key=len).strip(" ,;:.()")
        assert longest in source or longest.upper() in source, key


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("New trades go on", "Нові угоди дозволено"),
        (
            "No connection to the exchange at https://x.com (no answer in time). Check the internet connection. "
            "Next try (number 6) in a moment.",
            "Немає зв'язку з біржею https://x.com (no answer in time). Перевірте інтернет. За мить спробуємо знову "
            "(спроба 6).",
        ),
        ("closed with -1.16 R", "закрито з -1.16 R"),
        ("SOLUSDT short dismissed, it is followed but not entered", "SOLUSDT шорт відхилено: стежимо, але не входимо"),
        ("SOLUSDT long is back among the active signals", "SOLUSDT лонг знову серед активних сигналів"),
        ("SOLUSDT long not taken, its time to enter is over", "SOLUSDT лонг не взято: час для входу минув"),
        (
            "SOLUSDT long not taken, it is over (closed with -1.16 R)",
            "SOLUSDT лонг не взято: його завершено (закрито з -1.16 R)",
        ),
        ("Mode changed from signals only to paper", "Режим: був лише сигнали, тепер навчальний рахунок"),
        (
            "kill switch 3 (by you): re-arm it first (the ! key)",
            "аварійна зупинка 3 (ваша команда): спочатку зніміть її, клавіша !",
        ),
        (
            "4h: warming up, 20 candles so far; 15m: 3 missing candles being fetched",
            "4h: розігрів, свічок поки 20; 15m: дозавантажуємо свічки, бракує 3",
        ),
        ("SOLUSDT long: closing at market, by your command", "SOLUSDT лонг: закриваємо за ринком, ваша команда"),
        ("price moved 0.32 R away from the entry", "price moved 0.32 R away from the entry"),
        ("", ""),
    ],
)
def test_sentences_of_the_engine_are_heard_in_the_language(sentence: str, told: str) -> None:
    assert heard(sentence) == sentence
    speak(Language.UKRAINIAN)
    assert heard(sentence) == told


def test_what_the_desk_and_the_engine_say_is_known() -> None:
    speak(Language.RUSSIAN)
    sentences = [phase.value for phase in Phase]
    sentences += [f"Kill switch, level 1 (by you): {what}" for what in kill._WHAT.values()]
    sentences += [f"SOLUSDT {words.side(side)}: closing at market, by your command" for side in Side]
    sentences += [
        f"Mode changed from paper to {name}" for mode, name in words.MODE.items() if mode is not TradingMode.INFO
    ]
    for sentence in sentences:
        assert {each for each in words_of(heard(sentence)) if each.isascii()} <= {"SOLUSDT"}, sentence


@EVERYWHERE
def test_a_thing_has_one_word_on_every_screen(language: Language) -> None:
    others = re.compile("издерж|движк|движок|рушій|руші[яї]|вимикач|выключател|дірк|дыр[аыу]", re.IGNORECASE)
    assert [key for key, text in screen_table(language).items() if others.search(text)] == []


@pytest.mark.parametrize("language", Language, ids=lambda language: language.value)
def test_both_buttons_of_a_question_fit_side_by_side(language: Language) -> None:
    speak(language)
    modes = [word(f"mode.{mode.value}") for mode in TradingMode]
    asked = 0
    for yes in (key for key in screen_table(language) if key.endswith(("_yes", ".yes"))):
        no = f"{yes[:-3]}no"
        if not has_word(no) or yes.startswith(("settings.yes", "welcome.")):
            continue
        texts = [word(no, mode=mode) for mode in modes] if "{mode}" in word(no) else [word(no)]
        asked += 1
        assert max(16, *map(len, texts)) + max(16, len(word(yes))) + 8 <= TEXT_WIDTH, yes
    assert asked >= 5
