"""The log in full, and everything that was sent."""

from __future__ import annotations

ENGLISH: dict[str, str] = {}

UKRAINIAN: dict[str, str] = {}

RUSSIAN: dict[str, str] = {}
