"""Colours: tokens with a meaning, three themes, and the styles that painters' tokens stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color
from textual.theme import Theme


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, by meaning."""

    name: str
    dark: bool
    background: str
    bar: str
    selected: str
    text: str
    muted: str
    dim: str
    up: str
    down: str
    focus: str
    attention: str
    support: str
    resistance: str
    flipped: str
    border: str
    badge: str
    pill_signals: str
    pill_paper: str
    live: str
    tint: tuple[float, float, float] = (0.20, 0.32, 0.46)
    reverse: bool = False
    """Whether what stands out is shown dark on light."""

    @property
    def on_live(self) -> str:
        """The ink on the ground of Live."""
        return self.background if self.reverse else "#ffffff"


NIGHT = Tokens(
    name="night", dark=True, background="#111418", bar="#1b2027", selected="#243042",
    text="#c9d1d9", muted="#8b949e", dim="#6e7681", up="#3fd68a", down="#d1453b",
    focus="#79c0ff", attention="#e3b341", support="#2f6fd0", resistance="#b5651d", flipped="#8e5bd0",
    border="#3d4550", badge="#e3b341", pill_signals="#5a636e", pill_paper="#1f6feb", live="#c4281c",
)  # fmt: skip
COLOUR_SAFE = replace(
    NIGHT, name="colour-safe", up="#56b4e9", down="#e69f00", attention="#f0e442", support="#4a86e8",
    resistance="#c98a3a", flipped="#a97be0", badge="#f0e442", live="#b3005e",
)  # fmt: skip
LIGHT = Tokens(
    name="light", dark=False, background="#f6f8fa", bar="#e4e9ef", selected="#d3e3f8",
    text="#1f2328", muted="#57606a", dim="#768390", up="#116329", down="#b3261e",
    focus="#0550ae", attention="#7d4e00", support="#7aa7ec", resistance="#e2a76f", flipped="#bfa2ea",
    border="#b6bfc9", badge="#7d4e00", pill_signals="#57606a", pill_paper="#0550ae", live="#b3261e",
    tint=(0.35, 0.55, 0.75),
)  # fmt: skip

THEMES = {tokens.name: tokens for tokens in (NIGHT, COLOUR_SAFE, LIGHT)}

FEW = Tokens(
    name="few", dark=True, background="#000000", bar="#000000", selected="#ffffff",
    text="#ffffff", muted="#aaaaaa", dim="#aaaaaa", up="#ffffff", down="#aaaaaa",
    focus="#ffffff", attention="#ffffff", support="#555555", resistance="#555555", flipped="#555555",
    border="#aaaaaa", badge="#ffffff", pill_signals="#555555", pill_paper="#555555", live="#ffffff",
    tint=(0.2, 1.0, 1.0), reverse=True,
)  # fmt: skip
"""For terminals with sixteen colours or none: signs, bold, reversed rows, and four greys that all of them have."""

_INKS = {"strong": "text", "last": "text"}
"""Inks of a chart whose name is not that of a colour; `up_soft` and the like are worked out."""
_GROUNDS = {"profile": ("muted", 0.16), "value_area": ("muted", 0.26), "poc": ("attention", 0.34)}
"""Grounds of a chart: a colour and how much of it."""


def theme_name(name: str) -> str:
    """The name under which Textual knows our theme; an unknown name gives the night theme."""
    return f"futtui-{name if name in THEMES or name == FEW.name else NIGHT.name}"


def textual_theme(tokens: Tokens) -> Theme:
    """The theme as Textual wants it, for borders, inputs, buttons and the command list."""
    return Theme(
        name=theme_name(tokens.name),
        primary=tokens.focus,
        secondary=tokens.pill_paper,
        warning=tokens.attention,
        error=tokens.down,
        success=tokens.up,
        accent=tokens.focus,
        foreground=tokens.text,
        background=tokens.background,
        surface=tokens.background,
        panel=tokens.bar,
        dark=tokens.dark,
        variables={
            "frame": tokens.border,
            "frame-focus": tokens.focus,
            "frame-live": tokens.live,
            "quiet": tokens.muted,
            "bar": tokens.bar,
            "selected": tokens.selected,
            "danger": tokens.live,
            "scrollbar": tokens.border,
            "scrollbar-hover": tokens.muted,
            "scrollbar-active": tokens.focus,
            "scrollbar-background": tokens.background,
            "scrollbar-background-hover": tokens.background,
            "scrollbar-background-active": tokens.background,
            "block-cursor-background": tokens.selected,
            "block-cursor-foreground": tokens.text,
            "input-cursor-background": tokens.text,
            "input-cursor-foreground": tokens.background,
        },
    )


class Palette:
    """Rich styles of all tokens of a theme, resolved once. `generation` differs from palette to palette."""

    def __init__(self, tokens: Tokens, generation: int = 0) -> None:
        self.tokens = tokens
        self.generation = generation
        self._normal = _styles(tokens, tokens.background)
        self._selected = _reversed(tokens) if tokens.reverse else _styles(tokens, tokens.selected)

    def style(self, token: str, *, selected: bool = False) -> Style:
        """The style of a token; an unknown token looks like plain text."""
        table = self._selected if selected else self._normal
        found = table.get(token)
        if found is None:
            found = table[token] = self._chart_style(token) if "/" in token else table["text"]
        return found

    def _chart_style(self, token: str) -> Style:
        """Style of `ink/ground`, as charts name their cells; a ground that ends in `+` lies under the crosshair."""
        ink, _, ground = token.partition("/")
        back = self._ground(ground.removesuffix("+"))
        if ground.endswith("+"):
            back = back.blend(Color.parse(self.tokens.text), 0.14)
        name, _, kind = ink.partition("_")
        color = Color.parse(getattr(self.tokens, _INKS.get(ink) or name, self.tokens.text))
        if kind == "soft":
            color = Color.parse(self.tokens.background).blend(color, 0.6)
        bold = ink in ("strong", "last") or None
        return Style(color=RichColor.parse(color.hex), bgcolor=RichColor.parse(back.hex), bold=bold)

    def _ground(self, name: str) -> Color:
        tokens = self.tokens
        background = Color.parse(tokens.background)
        if name in _GROUNDS:
            color, share = _GROUNDS[name]
            return background.blend(Color.parse(getattr(tokens, color)), share)
        kind, _, step = name.rpartition("_")
        if not step.isdigit():
            return background
        return background.blend(Color.parse(getattr(tokens, kind)), tokens.tint[int(step) - 1])


def _reversed(tokens: Tokens) -> dict[str, Style]:
    """The same ink on the ground of a marked row for everything: colours say nothing here."""
    back = _styles(tokens, tokens.background)
    return {
        name: Style(color=RichColor.parse(tokens.background), bgcolor=RichColor.parse(tokens.selected), bold=style.bold)
        for name, style in back.items()
    }


def _styles(tokens: Tokens, background: str) -> dict[str, Style]:
    def on(color: str, back: str = background, *, bold: bool = False) -> Style:
        return Style(color=RichColor.parse(color), bgcolor=RichColor.parse(back), bold=bold or None)

    bar = tokens.bar
    on_pill = "#ffffff"
    styles = {
        "text": on(tokens.text),
        "bold": on(tokens.text, bold=True),
        "muted": on(tokens.muted),
        "dim": on(tokens.dim),
        "up": on(tokens.up),
        "up_bold": on(tokens.up, bold=True),
        "down": on(tokens.down, bold=True),
        "down_bold": on(tokens.down, bold=True),
        "focus": on(tokens.focus),
        "marker": on(tokens.focus, bold=True),
        "title": on(tokens.focus, bold=True),
        "attention": on(tokens.attention),
        "head": on(tokens.muted),
        "head_sorted": on(tokens.focus, bold=True),
        "price_line": on(tokens.text, bold=True),
        "bar": on(tokens.text, bar),
        "bar_bold": on(tokens.text, bar, bold=True),
        "bar_up": on(tokens.up, bar),
        "bar_down": on(tokens.down, bar, bold=True),
        "bar_attention": on(tokens.attention, bar, bold=True),
        "bar_key": on(tokens.focus, bar, bold=True),
        "bar_muted": on(tokens.muted, bar),
        "bar_badge": on("#111418" if tokens.dark else "#ffffff", tokens.badge, bold=True),
        "bar_live": on(tokens.on_live, tokens.live),
        "bar_live_strong": on(tokens.on_live, tokens.live, bold=True),
        "pill_signals": on(on_pill, tokens.pill_signals, bold=True),
        "pill_paper": on(on_pill, tokens.pill_paper, bold=True),
        "pill_live": on(tokens.on_live, tokens.live, bold=True),
        "tab": on(tokens.muted),
        "tab_on": on(tokens.focus, bold=True),
    }
    for kind, color in (
        ("support", tokens.support),
        ("resistance", tokens.resistance),
        ("flipped", tokens.flipped),
    ):
        for step, share in enumerate(tokens.tint, start=1):
            back = Color.parse(background).blend(Color.parse(color), share).hex
            styles[f"{kind}_{step}"] = on(tokens.text, back)
    return styles
