"""What is told before going live: whose account, what a trade and a day may lose, and every check with its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from futtui.domain.live_check import Finding, LiveReport
from futtui.domain.performance import PerformanceReport
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import EngineSnapshot
from futtui.tui.glyphs import CHECK, ELLIPSIS
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.text import Line, wrap
from futtui.tui.paint.view import source_of
from futtui.tui.words import word

PAPER_DAYS = 14
"""The pretended result of so many days is told beside the checks."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what it says, and whether going live may go on. `note`: passed, with something to think about.

    `passed` None: it is being looked at, and nothing goes on before. `advice` says what to do.
    """

    passed: bool | None
    text: str
    note: bool = False
    advice: str = ""


def market_checks(snapshot: EngineSnapshot) -> tuple[Check, ...]:
    """What can be judged from the snapshot: data, symbols, gaps, day loss."""
    desk = snapshot.desk
    ready = snapshot.symbols_ready >= max(1, snapshot.symbols_total)
    counts = {"ready": snapshot.symbols_ready, "total": snapshot.symbols_total}
    day_left = desk.account.day_loss_left_pct if desk else 0.0
    checks = [
        Check(snapshot.feed.connected, word("live.check.feed" if snapshot.feed.connected else "live.check.no_feed")),
        Check(ready, word("live.check.symbols" if ready else "live.check.symbols_missing", **counts)),
        Check(
            day_left > 0,
            word("live.check.day" if day_left > 0 else "live.check.no_day", percent=numbers.percent_text(day_left)),
        ),
    ]
    if snapshot.feed.gaps.open:
        checks.insert(2, Check(True, word("live.check.gaps", n=snapshot.feed.gaps.open_candles), note=True))
    return tuple(checks)


def account_checks(report: LiveReport | None, trouble: str) -> tuple[Check, ...]:
    """What was found about account and machine; a check that waits while nothing has come yet.

    `trouble`: why the newest look found nothing; what an older one found does not count then.
    """
    if trouble:
        return (Check(False, heard(trouble)),)
    if report is None:
        return (Check(None, word("live.check.asking")),)
    return tuple(_check(item) for item in report.findings)


def _check(item: Finding) -> Check:
    return Check(item.passed, heard(item.text), item.passed and bool(item.advice), heard(item.advice))


def paper_check(report: PerformanceReport | None) -> tuple[Check, ...]:
    """How the pretended account did lately; nothing while that is not known."""
    if report is None:
        return ()
    account = report.account(TradingMode.PAPER)
    figures = account.total.figures if account is not None else None
    if figures is None or not figures.trades:
        return (Check(True, word("live.check.no_paper", days=PAPER_DAYS), note=True),)
    factor = figures.profit_factor.value
    shown = word("value.none") if factor is None else f"{factor:.2f}"
    names = {"days": PAPER_DAYS, "n": figures.trades, "pf": shown, "r": numbers.signed_text(figures.net_r, 1)}
    return (Check(True, word("live.check.paper", **names), note=figures.net_r <= 0),)


def check_lines(checks: Sequence[Check], width: int, room: int) -> list[Line]:
    """Every check with its result, in as many words as `room` lines allow.

    At best each has its own line. With less room those that are well share theirs, then they are only counted and
    notes lose their advice. What stands against Live is always told in full; it comes first where even that is longer
    than the room, because one has to scroll then.
    """
    lines: list[Line] = []
    for told in (_each, _together, _counted):
        lines = told(checks, width)
        if len(lines) <= room:
            return lines
    return _counted(sorted(checks, key=lambda check: check.passed is not False), width, first=False)


def window_of(lines: Sequence[Line], top: int, room: int) -> tuple[list[Line], int]:
    """The lines that fit, from `top` on, above a line that tells what part they are; and `top` as far as it goes.

    Where all fit they are given as they are.
    """
    if len(lines) <= room:
        return list(lines), 0
    shown = max(1, room - 1)
    top = max(0, min(top, len(lines) - shown))
    part = word("live.part", first=top + 1, last=top + shown, n=len(lines))
    return [*lines[top : top + shown], ((f"   {part}", "title"),)], top


def _each(checks: Sequence[Check], width: int) -> list[Line]:
    return [line for check in checks for line in _lines_of(check, width)]


def _together(checks: Sequence[Check], width: int) -> list[Line]:
    well = ". ".join(check.text.rstrip(".") for check in checks if _is_well(check))
    lines = _signed(CHECK, "up", f"{well}.", width) if well else []
    return lines + [line for check in checks if not _is_well(check) for line in _lines_of(check, width)]


def _counted(checks: Sequence[Check], width: int, *, first: bool = True) -> list[Line]:
    """How many are well, `first` or at the end, and each of the others."""
    count = sum(_is_well(check) for check in checks)
    well = _signed(CHECK, "up", word("live.check.well", n=count), width) if count else []
    rest = [check if check.passed is False else replace(check, advice="") for check in checks if not _is_well(check)]
    lines = [line for check in rest for line in _lines_of(check, width)]
    return [*well, *lines] if first else [*lines, *well]


def _is_well(check: Check) -> bool:
    return check.passed is True and not check.note


def _lines_of(check: Check, width: int) -> list[Line]:
    text = f"{check.text} {check.advice}".strip()
    if check.passed is None:
        return _signed(ELLIPSIS, "muted", text, width)
    if _is_well(check):
        return _signed(CHECK, "up", text, width)
    return _signed("!", "attention" if check.passed else "down_bold", text, width)


def _signed(sign: str, token: str, text: str, width: int) -> list[Line]:
    head, *rest = wrap(text, width - 6)
    told = "text" if token != "down_bold" else token
    return [((f"   {sign} ", token), (head, told)), *(((f"     {part}", told),) for part in rest)]


def fact_texts(snapshot: EngineSnapshot, report: LiveReport | None) -> list[str]:
    """Sentences about what going live means."""
    texts = [word("live.real")]
    if source_of(snapshot).embedded:
        texts.append(word("live.harmless"))
    texts += ["", word("live.source", source=heard(snapshot.source_label))]
    if report is not None and report.wallet is not None:
        identity = "live.account_of" if report.key_end else "live.account"
        texts.append(word(identity, equity=numbers.money_text(report.wallet), key=report.key_end))
    if report is not None:
        risk = _share(report.risk_per_trade_pct, report.wallet)
        texts.append(word("live.limits", risk=risk, day=_share(report.day_loss_limit_pct, report.wallet)))
    pretended = [item for item in (snapshot.desk.positions if snapshot.desk else ()) if item.mode is TradingMode.PAPER]
    if pretended:
        texts.append(word("live.paper_stays", n=len(pretended)))
    return texts


def _share(percent: float, of: float | None) -> str:
    shown = numbers.percent_text(percent, 2)
    return shown if of is None else f"{shown} = {numbers.money_text(of * percent / 100)} USDT"
