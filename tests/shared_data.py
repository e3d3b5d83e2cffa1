"""Finds the folder of shared reference data beside the checkout, or skips the test that needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared_path(relative: str) -> Path:
    """Path of a shared file or folder; skips the calling test with a clear message where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"needs ../shared/{relative} beside the checkout, which is not here")
    return path
