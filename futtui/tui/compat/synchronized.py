"""Frames without tearing on Windows.

Textual writes the marks of synchronized output (mode 2026) only after the terminal answered a query, and its Windows
driver never asks. Windows Terminal honours the marks since 1.24 and other terminals ignore them, so they are switched
on there without asking.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from textual.app import App


def wants_marks(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether to switch the marks on unasked: Windows inside Windows Terminal."""
    return platform == "win32" and "WT_SESSION" in environment


def enable_synchronized_output(app: App[Any]) -> bool:
    """Switches the marks on where nobody asks for them; True if it did."""
    if not wants_marks() or not hasattr(app, "_sync_available"):
        return False
    app._sync_available = True
    return True
