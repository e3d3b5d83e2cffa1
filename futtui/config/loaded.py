"""Settings together with where each value came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Loaded:
    """Settings and where each value came from (`key.path` -> origin); values that no one set are not listed."""

    settings: Any
    origins: dict[str, str] = field(default_factory=dict)
