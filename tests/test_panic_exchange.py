"""`futtui panic` finds the exchange in a configuration with mistakes, and guesses none where it may be another one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from futtui.cli import panic_command
from futtui.cli.places import Places
from futtui.cli.where_despite import exchange_despite
from futtui.domain.errors import InvalidInputError
from futtui.exchange.ports import Credentials, Endpoints
from futtui.live.flatten import FlattenReport
from futtui.live.kill_file import panic_asked, read_latch

REAL, DEMO = "https://fapi.binance.com", "https://demo-fapi.binance.com"
LOCAL = "http://127.0.0.1:9"
DEMO_SECTION = "exchange:\n  name: demo  # practice\n"
DEEP = "[" * 2_000

CLEAR = {
    "a value elsewhere": ("exchange: {name: demo}\nscreen: {theme: pink}\n", DEMO),
    "an unknown key": (DEMO_SECTION + "typo: 1\n", DEMO),
    "an unknown key beside it": ("exchange: {name: demo, weight: 3}\n", DEMO),
    "broken further down": (DEMO_SECTION + "screen: [\n", DEMO),
    "broken further up": ("screen: [\n" + DEMO_SECTION, DEMO),
    "nested too deep": (DEMO_SECTION + f"screen: {DEEP}", DEMO),
    "nested too deep and nothing else": (DEEP, REAL),
    "an address and a typo": (
        f"exchange:\n  rest_url: {LOCAL}\n\n  # note\n  stream_url: ws://127.0.0.1:9\nx: 1\n",
        LOCAL,
    ),
    "written large": ("exchange: {name: Demo}\n", DEMO),
    "the real one": ("exchange: {name: production}\n# or name: demo\nscreen: {theme: pink}\n", REAL),
    "nearly the real one": ("exchange: {name: prodution}\n", REAL),
    "another address of no account": ("exchange: {archive_url: 'https://mirror.org'}\nx: 1\n", REAL),
    "an empty section": ("exchange:\nx: 1\n", REAL),
    "no text at all": ("\x00\x01\x02", REAL),
}
UNCLEAR = {
    "a misspelt value": "exchange: {name: demoo}\n",
    "another value": "exchange: {name: sandbox}\n",
    "a misspelt key": "exchange: {nmae: demo}\n",
    "a misspelt section": "exchnage: {name: demo}\n",
    "a word for the section": "exchange: demo\n",
    "the section without its indentation": "exchange:\nname: demo\n",
    "broken in the section": "exchange:\n\tname: demo\n",
    "named twice": "exchange: {name: production}\nexchange: {name: demo}\n",
    "an address beside the section": f"exchange: {{name: production}}\nrest_url: {LOCAL}\n",
    "an address that is none": "exchange: {rest_url: 'http://[::1'}\n",
    "a list of addresses": f"exchange: {{rest_url: [{LOCAL}]}}\n",
    "broken with all in one line": "{exchange: {name: demo}, screen: [\n",
}


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses at which everything was closed."""
    addresses: list[str] = []

    async def close(endpoints: Endpoints, credentials: Credentials) -> FlattenReport:
        addresses.append(endpoints.rest)
        return FlattenReport(is_flat=True)

    monkeypatch.setattr(panic_command, "keys_of", lambda places: Credentials("key", "secret"))
    monkeypatch.setattr(panic_command, "_close_everything", close)
    monkeypatch.setattr(panic_command, "APP_SEES_IT_S", 0.0)
    monkeypatch.chdir(tmp_path)
    return addresses


def answers(monkeypatch: pytest.MonkeyPatch, *given: bool) -> list[str]:
    """Answer the questions in turn; what was asked."""
    asked: list[str] = []

    def confirm(question: str, *, abort: bool = False) -> bool:
        answer = given[len(asked)]
        asked.append(question)
        if abort and not answer:
            raise typer.Abort
        return answer

    monkeypatch.setattr(typer, "confirm", confirm)
    return asked


def is_locked(home: Path) -> bool:
    return panic_asked(home) and read_latch(home) is not None


@pytest.mark.parametrize(("written", "address"), CLEAR.values(), ids=CLEAR)
def test_the_exchange_is_found_whatever_else_is_wrong(tmp_path: Path, written: str, address: str) -> None:
    (tmp_path / "config.yaml").write_text(written, encoding="utf-8")
    named = exchange_despite(tmp_path / "config.yaml", Places.of(tmp_path))
    assert (named.endpoints.rest, named.doubts) == (address, ())
    assert named.problem


@pytest.mark.parametrize(
    ("variables", "address", "is_clear"),
    [
        ({"FUTTUI__EXCHANGE_NAME": "demo"}, DEMO, True),
        ({"FUTTUI_EXCHANGE__NAME": "demo"}, DEMO, True),
        ({"futtui__exchange__name": "demo", "FUTTUI__SCREEN__THEM": "x"}, DEMO, True),
        ({"FUTTUI__EXCHANGE__RESTURL": LOCAL}, LOCAL, True),
        ({"FUTTUI__EXCHANGE__NAME": "demoo"}, DEMO, False),
        ({"FUTTUI__EXCHANGE__NAME": "production", "FUTTUI__EXCHANGE_NAME": "demo"}, REAL, False),
        ({"FUTTUI__EXCHANGE__REST_URLL": LOCAL}, REAL, False),
        ({"FUTTUI__EXCHANGE__ARCHIVEURL": LOCAL}, REAL, True),
    ],
)
def test_variables_with_wrong_underscores_name_what_they_mean(
    tmp_path: Path, variables: dict[str, str], address: str, is_clear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    named = exchange_despite(None, Places.of(tmp_path))
    assert named.endpoints.rest == address
    assert (not named.doubts) is is_clear


def test_a_variable_settles_what_the_file_leaves_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text(UNCLEAR["a misspelt section"], encoding="utf-8")
    monkeypatch.setenv("FUTTUI__EXCHANGE__NAME", "production")
    named = exchange_despite(tmp_path / "config.yaml", Places.of(tmp_path))
    assert (named.endpoints.rest, named.doubts) == (REAL, ())


@pytest.mark.parametrize("written", UNCLEAR.values(), ids=UNCLEAR)
def test_nothing_is_closed_unasked_where_another_exchange_may_be_meant(
    tmp_path: Path, written: str, closed: list[str]
) -> None:
    (tmp_path / "config.yaml").write_text(written, encoding="utf-8")
    with pytest.raises(InvalidInputError, match="a running futtui closes everything") as told:
        panic_command.run_panic(None, tmp_path, yes=True)
    assert "exchange" in str(told.value).rpartition("correct this")[2] or "config.yaml" in str(told.value)
    assert closed == []
    assert is_locked(tmp_path)


@pytest.mark.parametrize("is_right", [True, False])
def test_in_doubt_the_best_known_exchange_is_asked_for_after_the_lock(
    tmp_path: Path, is_right: bool, closed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text(UNCLEAR["a misspelt value"], encoding="utf-8")
    asked = answers(monkeypatch, True, is_right)
    run: Callable[[], None] = lambda: panic_command.run_panic(None, tmp_path, yes=False)  # noqa: E731
    if is_right:
        run()
    else:
        with pytest.raises(InvalidInputError, match=r"exchange\.name \(it is 'demoo'\)"):
            run()
    assert ["demo-fapi.binance.com" in question for question in asked] == [True, True]
    assert closed == ([DEMO] if is_right else [])
    assert is_locked(tmp_path) is not is_right  # what is done is not asked of the next start again


def test_the_question_names_the_exchange(tmp_path: Path, closed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text(CLEAR["a value elsewhere"][0], encoding="utf-8")
    asked = answers(monkeypatch, False)
    with pytest.raises(typer.Abort):
        panic_command.run_panic(None, tmp_path, yes=False)
    assert "Binance demo exchange (demo-fapi.binance.com)" in asked[0]
    assert (closed, read_latch(tmp_path)) == ([], None)


def test_what_is_told_of_a_broken_file_shows_no_secret_beside_it(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("{api_key: s3cr3t, exchange: {name: demo}, x: [\n", encoding="utf-8")
    named = exchange_despite(tmp_path / "config.yaml", Places.of(tmp_path))
    assert "name: demo" in named.doubts[0]
    assert "s3cr3t" not in named.problem + "".join(named.doubts)
