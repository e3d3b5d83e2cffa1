"""The configuration file behind the settings screen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from futtui.config.editor import AT_ONCE, FileSettings
from futtui.config.settings import Settings, load
from futtui.domain.errors import ConfigurationError
from futtui.domain.settings_sheet import SettingKind
from futtui.live.compat import files


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small file with comments."""
    path = tmp_path / "config.yaml"
    path.write_text("market:\n  top_count: 20   # enough\nscreen:\n  theme: light\n", encoding="utf-8")
    return path


@pytest.fixture
def editor(file: Path) -> FileSettings:
    """The settings of that file; this run uses the defaults."""
    return FileSettings(file, Settings(), (file.parent,))


def test_sheet_tells_value_default_running_origin_bounds_and_explanation(editor: FileSettings, file: Path) -> None:
    sheet = editor.read()
    count = sheet.setting("market.top_count")
    assert count is not None
    assert (count.value, count.default, count.running) == ("20", "50", "50")
    assert count.origin == f"{file}, line 2"
    assert (count.kind, count.bounds.low, count.bounds.high) == (SettingKind.WHOLE_NUMBER, "1", "240")
    assert count.doc.startswith("How many of the most traded")
    theme = sheet.setting("screen.theme")
    assert theme is not None
    assert theme.choices == ("night", "colour-safe", "light")


def test_every_setting_is_explained_and_lies_in_a_section(editor: FileSettings) -> None:
    sheet = editor.read()
    sections = {section.path for section in sheet.sections}
    assert len(sheet.settings) > 600
    for setting in sheet.settings:
        assert setting.doc, setting.path
        assert setting.section in sections
    assert {setting.path for setting in sheet.settings if setting.at_once} == AT_ONCE


def test_every_default_can_be_taken_as_it_is_shown(editor: FileSettings) -> None:
    for setting in editor.read().settings:
        assert editor.take(setting.path, setting.default) == setting.default, setting.path


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("market.top_count", "999", "less than or equal to 240"),
        ("market.top_count", "many", "write a whole number"),
        ("start_equity", "10,5", "Write 10.5 with a point"),
        ("time_zone", "Nowhere", "time zone is not known"),
        ("screen.theme", "pink", "Use one of: night, colour-safe, light"),
        ("no.such.thing", "1", "not a setting"),
    ],
)
def test_a_bad_value_is_refused_in_words(editor: FileSettings, path: str, text: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        editor.take(path, text)


def test_lists_need_no_brackets_and_texts_no_quotes(editor: FileSettings) -> None:
    assert editor.take("market.symbols", "BTCUSDT, ETHUSDT") == "[BTCUSDT, ETHUSDT]"
    assert editor.take("market.symbols", "") == "[]"
    assert editor.take("exchange.rest_url", "") == '""'
    assert editor.take("desk.risk.exits.target_shares", "0.5, 0.3, 0.2") == "[0.5, 0.3, 0.2]"


def test_values_that_do_not_fit_together_are_told(editor: FileSettings) -> None:
    assert "together" in editor.problem({"desk.risk.exits.target_shares": "[0.5, 0.5, 0.5]"})
    assert editor.problem({"market.top_count": "10"}) == ""


def test_saving_keeps_comments_and_a_backup_and_loads_again(editor: FileSettings, file: Path) -> None:
    before = file.read_text(encoding="utf-8")
    stamp = editor.stamp()
    said = editor.save({"market.top_count": "30", "screen.language": "uk"})
    assert "config.yaml.backup1" in said
    assert "top_count: 30   # enough" in file.read_text(encoding="utf-8")
    assert (file.parent / "config.yaml.backup1").read_text(encoding="utf-8") == before
    assert load(file).settings.market.top_count == 30
    assert editor.stamp() != stamp
    assert sorted(path.name for path in file.parent.iterdir()) == ["config.yaml", "config.yaml.backup1"]


@pytest.mark.skipif(sys.platform == "win32", reason="links and modes are not the same there")
def test_a_link_stays_a_link_and_the_mode_of_the_file_stays(tmp_path: Path) -> None:
    real = tmp_path / "kept" / "mine.yaml"
    real.parent.mkdir()
    real.write_text("start_equity: 5\n", encoding="utf-8")
    real.chmod(0o600)
    link = tmp_path / "config.yaml"
    link.symlink_to(real)
    FileSettings(link, Settings(), (tmp_path,)).save({"start_equity": "7"})
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == "start_equity: 7.0\n"
    assert real.stat().st_mode & 0o777 == 0o600


def test_only_the_last_versions_are_kept(editor: FileSettings, file: Path) -> None:
    for count in range(31, 39):
        editor.save({"market.top_count": str(count)})
    backups = sorted(path.name for path in file.parent.glob("*.backup*"))
    assert backups == [f"config.yaml.backup{number}" for number in range(1, 6)]
    assert "top_count: 37" in (file.parent / "config.yaml.backup1").read_text(encoding="utf-8")
    assert "top_count: 33" in (file.parent / "config.yaml.backup5").read_text(encoding="utf-8")


def test_what_somebody_else_wrote_meanwhile_is_not_lost(editor: FileSettings, file: Path) -> None:
    editor.read()
    file.write_text(file.read_text(encoding="utf-8") + "start_equity: 500\n", encoding="utf-8")
    editor.save({"market.top_count": "30"})
    settings = load(file).settings
    assert (settings.start_equity, settings.market.top_count) == (500.0, 30)


def test_a_result_that_cannot_be_loaded_is_never_written(editor: FileSettings, file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match=r"Nothing was saved.*config\.yaml"):
        editor.save({"desk.risk.exits.target_shares": "[0.9, 0.9, 0.9]"})
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["config.yaml"]


def test_a_file_with_mistakes_is_told_and_cannot_be_saved_over(editor: FileSettings, file: Path) -> None:
    file.write_text("market:\n  top_cuont: 20\n", encoding="utf-8")
    sheet = editor.read()
    assert "Did you mean `top_count`" in sheet.trouble
    with pytest.raises(ConfigurationError):
        editor.save({"screen.bell": "false"})
    assert "top_cuont" in file.read_text(encoding="utf-8")


def test_a_new_file_is_made_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "home" / "config.yaml"
    editor = FileSettings(path, Settings(), (tmp_path,))
    assert not editor.read().exists
    assert "new file" in editor.save({"screen.theme": "light"})
    assert path.read_text(encoding="utf-8") == "screen:\n  theme: light\n"


def test_a_scanner_that_holds_the_file_for_a_moment_is_waited_for(
    editor: FileSettings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = 2
    replace = Path.replace

    def held(self: Path, target: Path) -> Path:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise PermissionError(13, "The file is used by another process")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    monkeypatch.setattr(files, "PAUSES_S", (0.0, 0.0, 0.0))
    editor.save({"market.top_count": "30"})
    assert "top_count: 30" in file.read_text(encoding="utf-8")
    refusals = 99
    with pytest.raises(ConfigurationError, match="as it was before"):
        editor.save({"market.top_count": "31"})
    assert "top_count: 30" in file.read_text(encoding="utf-8")


def test_the_environment_wins_and_is_named(editor: FileSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUTTUI__MARKET__TOP_COUNT", "12")
    count = editor.read().setting("market.top_count")
    assert count is not None
    assert count.value == "12"
    assert count.fixed_by == "environment variable FUTTUI__MARKET__TOP_COUNT"


def test_secrets_are_named_but_never_shown(editor: FileSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUTTUI_API_KEY", "abc-secret-key")
    sheet = editor.read()
    assert ("FUTTUI_API_KEY", True) in sheet.secrets
    assert "abc-secret-key" not in repr(sheet)


def test_a_file_with_byte_order_mark_keeps_it(editor: FileSettings, file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    editor.save({"market.top_count": "30"})
    assert file.read_bytes().startswith(b"\xef\xbb\xbfmarket:")


def test_a_file_that_powershell_wrote_is_read_and_becomes_utf8(editor: FileSettings, file: Path) -> None:
    file.write_text("market:\n  top_count: 20   # досить\n", encoding="utf-16")
    assert not editor.read().trouble
    editor.save({"market.top_count": "30"})
    assert file.read_text(encoding="utf-8") == "market:\n  top_count: 30   # досить\n"


@pytest.mark.parametrize("text", ["2024-02-31", "0x_"])
def test_impossible_dates_and_numbers_are_refused_in_words(editor: FileSettings, text: str) -> None:
    with pytest.raises(ConfigurationError, match="top_count"):
        editor.take("market.top_count", text)
