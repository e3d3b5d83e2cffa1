"""What the user may choose about the screen."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.language.catalogue import Language


@dataclass(frozen=True, slots=True)
class UiSettings:
    """Choices for the screen; every field has a sensible default.

    `theme` is `night`, `colour-safe` or `light`. `pulse_hz` is how often the screen looks for news (1 to 30).
    `welcome`: whether the first questions are asked at the start: never, once (unless they were asked before), always.
    `attached_to`: the process whose engine is shown and goes on when the screen closes; 0 = the engine is our own.
    `start_mode_text` is one sentence shown in the flash line at start, for example what the mode means.
    """

    time_zone: str = "Europe/Kyiv"
    theme: str = "night"
    language: Language = Language.ENGLISH
    plain_glyphs: bool = False
    pulse_hz: float = 5.0
    start_mode_text: str = ""
    bell: bool = True
    welcome: str = "never"
    attached_to: int = 0
