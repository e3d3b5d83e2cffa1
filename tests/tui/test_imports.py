"""Importing the app stays light, and nothing of the screen looks at a clock of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "futtui" / "tui"
HEAVY = ("aiohttp", "numpy", "sqlalchemy", "ccxt", "pandas", "websockets", "pydantic", "yaml")
BEFORE_THE_FRAME = ("aiohttp", "numpy", "sqlalchemy", "ccxt", "pandas", "websockets", "telegram", "matplotlib")


def test_importing_the_app_loads_no_heavy_library() -> None:
    code = f"import sys, futtui.tui.app; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.strip() == "[]"


def test_a_start_loads_no_array_and_no_database_library_before_the_first_frame() -> None:
    needed = (
        "futtui.cli.app, futtui.cli.demo_command, futtui.cli.live_command, futtui.cli.launch, futtui.cli.traded, "
        "futtui.analysis.pool, futtui.config.settings, futtui.exchange.simulator.process, futtui.live.engine_thread, "
        "futtui.live.snapshots, futtui.tui.app"
    )
    code = f"import sys, {needed}; print([name for name in {BEFORE_THE_FRAME!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.strip() == "[]"


def test_painters_do_not_load_textual() -> None:
    code = (
        "import sys, futtui.tui.paint.help, futtui.tui.paint.signal_detail, futtui.tui.paint.position_detail, "
        "futtui.tui.paint.symbol_detail, futtui.tui.paint.status, futtui.tui.paint.notices, "
        "futtui.tui.paint.settings, futtui.tui.paint.symbols, futtui.tui.paint.machine, futtui.tui.paint.records, "
        "futtui.tui.paint.chart.frame, futtui.tui.paint.chart.content; "
        "print('textual' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.strip() == "False"


def test_no_wall_clock_in_the_screen() -> None:
    for path in SOURCE.rglob("*.py"):
        assert not re.search(r"datetime\.now|time\.time\(|utcnow", path.read_text(encoding="utf-8")), path
