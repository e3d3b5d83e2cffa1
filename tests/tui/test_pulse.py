"""The pulse repaints what changed and nothing else, with one timer, fast enough."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events
from textual.geometry import Region
from textual.timer import Timer

from futtui.tui.compat import terminal
from futtui.tui.compat.border_text import set_border_text
from futtui.tui.compat.synchronized import enable_synchronized_output, wants_marks
from futtui.tui.compat.terminal import TerminalWindow
from futtui.tui.widgets.live_panel import LivePanel
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import FakeEngine


def watch_refreshes(panel: LivePanel) -> list[tuple[Region, ...]]:
    """Records the regions of each refresh of the panel from now on."""
    seen: list[tuple[Region, ...]] = []
    original = panel.refresh

    def recording(*regions: Region, **options: bool) -> LivePanel:
        seen.append(regions)
        return original(*regions, **options)

    panel.refresh = recording  # type: ignore[method-assign]
    return seen


async def test_beat_without_news_refreshes_nothing(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        app.pulse.beat()
        await pilot.pause()
        seen = [watch_refreshes(panel) for panel in app.screen.query(LivePanel)]
        for _ in range(5):
            app.pulse.beat()
            await pilot.pause()
        assert seen == [[], [], [], [], []]


async def test_beat_refreshes_only_the_changed_row(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        app.pulse.beat()
        await pilot.pause()
        panel = app.screen.query_one("#market", LivePanel)
        y = next(at for at in range(panel.size.height) if "ETHUSDT" in panel.render_line(at).text)
        seen = watch_refreshes(panel)
        rows = tuple(
            replace(row, price=3122.5, version=2) if row.symbol == "ETHUSDT" else row for row in engine.current.market
        )
        engine.show(market=rows)
        app.pulse.beat()
        assert [[(region.y, region.height) for region in regions] for regions in seen] == [[(y, 1)]]
        await pilot.pause()
        assert "3,122.50" in panel.render_line(y).text


async def test_border_text_refreshes_only_the_border(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        app.pulse.stop()  # a beat in between would write the panel's own text again
        app.pulse.beat()
        await pilot.pause()
        panel = app.screen.query_one("#signals", LivePanel)
        assert hasattr(panel, "_border_title"), "Textual changed: border_text.py needs a look"
        seen = watch_refreshes(panel)
        set_border_text(panel, top="2 Signals", bottom="something else")
        assert [[(region.y, region.height) for region in regions] for regions in seen] == [[(panel.size.height, 1)]]
        await pilot.pause()
        frame = app.screen._compositor.render_strips()[panel.region.bottom - 1]
        assert "something else" in "".join(segment.text for segment in frame)


async def test_unchanged_rows_come_from_the_strip_cache(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        panel = app.screen.query_one("#log", LivePanel)
        assert panel.render_line(1) is panel.render_line(1)


async def test_there_is_one_timer_and_it_slows_down_in_the_background(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()

        def timers() -> list[Timer]:
            nodes = [app, *app.screen.walk_children(with_self=True)]
            return [timer for node in nodes for timer in node._timers if timer.name == "pulse" and timer._task]

        assert app.pulse.interval_s == pytest.approx(0.2)
        app.post_message(events.AppBlur())
        await pilot.pause()
        assert app.pulse.interval_s == pytest.approx(1.0)
        app.post_message(events.AppFocus())
        await pilot.pause()
        assert app.pulse.interval_s == pytest.approx(0.2)
        assert len(timers()) == 1


async def test_ten_thousand_log_lines_scroll_and_keep_their_place(make_app: AppMaker, engine: FakeEngine) -> None:
    line = engine.current.log[0]
    many = tuple(replace(line, text=f"line {index}", time_ms=line.time_ms + index) for index in range(10_000))
    engine.show(log=many)
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("5", "end")
        panel = app.screen.query_one("#log", LivePanel)
        assert "line 0" in panel.render_line(panel.size.height - 1).text
        await pilot.press("home", "down", "down")
        assert panel.cursor_key is not None
        engine.show(log=(*many, replace(line, text="news", time_ms=line.time_ms + 10_001)))
        app.pulse.beat()
        assert panel.cursor_key[3] == "line 9997"  # type: ignore[index]
        await pilot.press("home")
        engine.show(log=(*many, replace(line, text="newest", time_ms=line.time_ms + 10_002)))
        app.pulse.beat()
        assert panel.cursor_key[3] == "newest"  # type: ignore[index]


async def test_a_gone_row_hands_the_marker_to_its_neighbour(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("3", "down")
        assert engine.current.desk is not None
        engine.show_desk(positions=(engine.current.desk.positions[0], engine.current.desk.positions[2]))
        app.pulse.beat()
        panel = app.screen.query_one("#positions", LivePanel)
        assert panel.cursor_key == ("position", "p-AVAXUSDT")


def test_synchronized_output_is_forced_only_inside_windows_terminal(make_app: AppMaker) -> None:
    assert wants_marks("win32", {"WT_SESSION": "1"})
    assert not wants_marks("win32", {})
    assert not wants_marks("linux", {"WT_SESSION": "1"})
    app = make_app()
    assert hasattr(app, "_sync_available"), "Textual changed: synchronized.py needs a look"
    assert enable_synchronized_output(app) is wants_marks()


def test_terminal_title_is_clean_and_written_once(make_app: AppMaker) -> None:
    window = TerminalWindow(make_app())
    written: list[str] = []
    window._write = written.append  # type: ignore[method-assign]
    window.set_title("futtui\x07 PAPER")
    window.set_title("futtui PAPER")
    window.restore_title()
    window.restore_title()
    assert written == ["\x1b[22;2t", "\x1b]2;futtui PAPER\x07", "\x1b[23;2t"]


def test_terminal_that_keeps_no_title_gets_the_one_before_back(
    make_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "console_title", lambda: "Windows PowerShell")
    window = TerminalWindow(make_app())
    written: list[str] = []
    window._write = written.append  # type: ignore[method-assign]
    window.set_title("futtui LIVE")
    window.set_title("futtui PAPER")
    window.restore_title()
    assert written[-2:] == ["\x1b]2;Windows PowerShell\x07", "\x1b[23;2t"]
