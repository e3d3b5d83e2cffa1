"""The real settings: the reference file is true, the environment works, secrets come from .env only."""

from __future__ import annotations

from pathlib import Path

import pytest

from futtui.config.loader import load_settings
from futtui.config.report import effective_lines, reference_text
from futtui.config.schema import shape
from futtui.config.settings import ExchangeName, Settings, find_config, load, load_secrets
from futtui.domain.errors import ConfigurationError
from futtui.strategies.settings import StrategySettings

ROOT = Path(__file__).resolve().parents[2]


def test_reference_file_is_what_the_settings_say() -> None:
    written = (ROOT / "config" / "reference.yaml").read_text(encoding="utf-8")
    heading = written.splitlines()[0].removeprefix("# ")
    assert written == reference_text(Settings, heading)


def test_reference_file_loads_back_to_the_defaults() -> None:
    assert load(ROOT / "config" / "reference.yaml", {}).settings == Settings()


def test_example_file_is_accepted() -> None:
    assert load(ROOT / "config.example.yaml", {}).settings == Settings()


def test_every_setting_is_explained() -> None:
    def missing(settings_type: type, prefix: str) -> list[str]:
        found = []
        for name, item in shape(settings_type).items():
            found += [] if item.doc else [prefix + name]
            found += missing(item.nested, f"{prefix}{name}.") if item.nested else []
        return found

    assert missing(Settings, "") == []


def test_load_environment_variable_beats_the_file_and_names_itself(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("market:\n  top_count: 10\nexchange:\n  name: demo\n", encoding="utf-8")
    loaded = load(file, {"FUTTUI__MARKET__TOP_COUNT": "20", "PATH": "x"})
    assert loaded.settings.market.top_count == 20
    assert loaded.settings.exchange.name is ExchangeName.DEMO
    assert any("top_count = 20" in line and "FUTTUI__MARKET__TOP_COUNT" in line for line in effective_lines(loaded))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("FUTTUI_MARKET__TOP_COUNT", "FUTTUI__MARKET__TOP_COUNT"),
        ("FUTTUI_MARKET_TOP_COUNT", "FUTTUI__MARKET__TOP_COUNT"),
        ("FUTTUI__MARKET_TOP_COUNT", "FUTTUI__MARKET__TOP_COUNT"),
        ("FUTTUI___MARKET__TOP_COUNT", "FUTTUI__MARKET__TOP_COUNT"),
        ("futtui_time_zone", "FUTTUI__TIME_ZONE"),
        ("FUTTUI_TELEGRAM__TOKEN", "FUTTUI_TELEGRAM_TOKEN"),
        ("FUTTUI_APIKEY", "FUTTUI_API_KEY"),
    ],
)
def test_load_environment_variable_with_wrong_underscores_is_refused_with_the_right_name(name: str, meant: str) -> None:
    with pytest.raises(ConfigurationError, match=f"environment variable {name}: .*mean {meant}[?]"):
        load(None, {name: "5"})


def test_load_leaves_variables_alone_that_are_nothing_like_a_setting() -> None:
    variables = {"FUTTUI_SOAK_MINUTES": "5", "FUTTUI_HOME": "x", "FUTTUI_API_KEY": "k", "FUTTUI": "x"}
    assert load(None, variables).settings == Settings()


@pytest.mark.parametrize(
    "name",
    [
        "FUTTUI_API_KEY2",
        "FUTTUI_API_KEYS",
        "FUTTUI_API_SECRET_OLD",
        "FUTTUI_TELEGRAM_CHAT",
        "FUTTUI_TELEGRAM_TOKEN_OLD",
    ],
)
def test_load_name_that_is_only_like_one_of_ours_keeps_no_start_back(name: str) -> None:
    assert load(None, {name: "x"}).settings == Settings()


def test_load_misspelt_word_after_the_prefix_is_refused_with_the_right_name() -> None:
    with pytest.raises(ConfigurationError, match=r"mean FUTTUI__MARKET__TOP_COUNT[?]"):
        load(None, {"FUTTUI__MARKET__TOP_CUONT": "5"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("market: {top_cont: 5}", "Did you mean `top_count`?"),
        ("strategies: {break_retest: {enabled: maybe}}", "`strategies.break_retest.enabled` is 'maybe'"),
        ("time_zone: Europe/Nowhere", "time zone is not known"),
        ("desk: {risk: {exits: {target_shares: [0.5, 0.2, 0.2]}}}", "sum to"),
        ("telegram_token: abc", "Secrets are never read from YAML"),
    ],
)
def test_load_real_mistakes_are_explained(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file, {})
    assert words in str(caught.value)


def test_load_settings_a_preset_of_a_section_survives_a_change_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("zones:\n  h1:\n    max_zones: 3\n", encoding="utf-8")
    loaded = load_settings(Settings, file, {}).settings
    assert loaded.zones.h1.max_zones == 3
    assert loaded.zones.h1.fractal_bars == Settings().zones.h1.fractal_bars


def test_load_secrets_come_from_the_nearest_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FUTTUI_API_KEY", raising=False)
    monkeypatch.delenv("FUTTUI_API_SECRET", raising=False)
    near, far = tmp_path / "near", tmp_path / "far"
    for folder, key in ((near, "near-key"), (far, "far-key")):
        folder.mkdir()
        (folder / ".env").write_text(f"FUTTUI_API_KEY={key}\n", encoding="utf-8")
    (far / ".env").write_text("FUTTUI_API_KEY=far-key\nFUTTUI_API_SECRET=far-secret\nOTHER=1\n", encoding="utf-8")
    assert load_secrets((near, far)) == {"FUTTUI_API_KEY": "near-key", "FUTTUI_API_SECRET": "far-secret"}
    monkeypatch.setenv("FUTTUI_API_KEY", "environment-key")
    assert load_secrets((near, far))["FUTTUI_API_KEY"] == "environment-key"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_load_secrets_from_a_file_of_notepad_or_powershell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.delenv("FUTTUI_API_KEY", raising=False)
    (tmp_path / ".env").write_text("FUTTUI_API_KEY=my-key\r\n# ключ\r\n", encoding=encoding)
    assert load_secrets((tmp_path,))["FUTTUI_API_KEY"] == "my-key"


def test_load_secrets_names_a_file_of_another_code_page(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("# ключ\n".encode("cp1251"))
    with pytest.raises(ConfigurationError, match=r"\.env is not UTF-8 text"):
        load_secrets((tmp_path,))


def test_find_config_prefers_the_given_file_then_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    assert find_config(None, home) is None
    (home / "config.yaml").write_text("", encoding="utf-8")
    assert find_config(None, home) == home / "config.yaml"
    Path("config.yaml").write_text("", encoding="utf-8")
    assert find_config(None, home) == Path("config.yaml")
    assert find_config(Path("other.yaml"), home) == Path("other.yaml")


def test_time_stop_of_zero_bars_is_refused_for_every_strategy(tmp_path: Path) -> None:
    names = [
        name
        for name, item in shape(StrategySettings).items()
        if "time_stop_bars" in shape(item.nested or StrategySettings)
    ]
    assert len(names) >= 10
    file = tmp_path / "config.yaml"
    file.write_text(
        "strategies:\n" + "".join(f"  {name}:\n    time_stop_bars: 0\n" for name in names), encoding="utf-8"
    )
    with pytest.raises(ConfigurationError) as refused:
        load(file, {})
    lines = str(refused.value).splitlines()
    for name, line in zip(names, lines, strict=True):
        assert f"`strategies.{name}.time_stop_bars` is 0: it must be greater than or equal to 1." in line
