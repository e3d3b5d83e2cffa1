"""Short sentences of the engine in the language of the screen."""

from __future__ import annotations

from futtui.language.heard import heard_in
from futtui.tui.words import spoken_language


def heard(text: str) -> str:
    """What the engine said, in the language that was chosen where the sentence is known; else as it came."""
    return heard_in(text, spoken_language())
