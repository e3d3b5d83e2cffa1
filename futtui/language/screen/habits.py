"""Jump letters, layouts, explaining and copying."""

from __future__ import annotations

ENGLISH: dict[str, str] = {}

UKRAINIAN: dict[str, str] = {}

RUSSIAN: dict[str, str] = {}
