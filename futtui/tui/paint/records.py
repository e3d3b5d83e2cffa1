"""Lists of what happened: the log in full, and what was sent. Finding dims the lines that do not match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.effects import Say, Severity
from futtui.domain.events import (
    BlockSymbol,
    ChangeMode,
    ClosePosition,
    DismissSignal,
    LookAgain,
    MoveStop,
    RemovePriceAlert,
    SetPaused,
    SetPriceAlert,
    TakeSignal,
    UnblockSymbol,
)
from futtui.domain.kill import KillSwitch, Rearm
from futtui.domain.orders import OrderStatus
from futtui.domain.part_close import ALL_PCT
from futtui.domain.sent import Sent
from futtui.tui import keys
from futtui.tui.glyphs import SEPARATOR
from futtui.tui.heard import heard
from futtui.tui.paint import log, numbers
from futtui.tui.paint.details import Box, Detail, fact, fact_lines
from futtui.tui.paint.names import frame_name, setup_name
from futtui.tui.paint.symbols import Block
from futtui.tui.paint.table import Column, choose_columns, row_line
from futtui.tui.paint.text import Line, Span, line_text, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

LEVELS = (
    Severity.INFO,
    Severity.NOTICE,
    Severity.WARNING,
    Severity.ERROR,
    Severity.DEBUG,
)
"""The first one is what the dashboard shows too; each shows itself and everything louder."""
KINDS = ("all", "orders", "cancels", "commands", "refused")
SENT_COLUMNS = (
    Column("sent_day", 5, rank=4),
    Column("sent_time", 8),
    Column("sent_mode", 7, rank=3),
    Column("sent_what", 34, grow=16),
    Column("outcome", 26, grow=60),
    Column("sent_id", 18, rank=2, grow=18),
)
_LOUDNESS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Filter:
    """What is shown. `needle` only dims what does not match; `choice` is the place in LEVELS or KINDS."""

    needle: str = ""
    choice: int = 0
    symbol: str = ""


def matches(text: str, needle: str) -> bool:
    """Whether `needle` is in the text; capitals do not matter, and Cyrillic letters count as their keys too."""
    wanted = needle.casefold()
    found = text.casefold()
    return wanted in found or keys.latin_text(wanted).casefold() in found


def dim_or_mark(line: Line, needle: str) -> Line:
    """The line as it is where it matches, with the match marked; else all of it dimmed."""
    if not needle:
        return line
    if not matches(line_text(line), needle):
        return tuple((text, "dim") for text, _ in line)
    spans: list[Span] = []
    for text, token in line:
        spans += _marked(text, token, needle)
    return tuple(spans)


def _marked(text: str, token: str, needle: str) -> list[Span]:
    for wanted in (needle.casefold(), keys.latin_text(needle.casefold()).casefold()):
        folded = text.casefold()
        at = folded.find(wanted)
        if at >= 0 and len(folded) == len(text):
            end = at + len(wanted)
            return [(text[:at], token), (text[at:end], "title"), (text[end:], token)]
    return [(text, token)]


# The log


def log_lines(view: View, chosen: Filter) -> list[Say]:
    """Lines of the chosen loudness and symbol, newest first."""
    least = _LOUDNESS[LEVELS[chosen.choice]]
    return [
        line
        for line in reversed(view.snapshot.log)
        if _LOUDNESS[line.severity] >= least and (not chosen.symbol or line.symbol == chosen.symbol)
    ]


def log_text(line: Say) -> str:
    """What a search looks at."""
    return f"{line.topic} {line.symbol} {line.text}"


def log_row(line: Say, view: View, width: int, chosen: Filter, *, selected: bool) -> Line:
    """One line of the log with its date."""
    painted = log.log_line(line, view, width, selected=selected, date=width >= 110)
    if chosen.needle and not matches(log_text(line), chosen.needle):
        return tuple((text, "dim") for text, _ in painted)
    return dim_or_mark(painted, chosen.needle) if matches(line_text(painted), chosen.needle) else painted


def level_name(chosen: Filter) -> str:
    """What the level filter lets through."""
    level = LEVELS[chosen.choice]
    return word(f"records.level.{level.value}")


# What was sent


def sent_entries(view: View, chosen: Filter) -> list[Sent]:
    """Entries of the chosen kind and symbol, newest first."""
    kind = KINDS[chosen.choice]
    return [
        entry
        for entry in reversed(view.snapshot.sent)
        if _is_kind(entry, kind) and (not chosen.symbol or entry.symbol == chosen.symbol)
    ]


def _is_kind(entry: Sent, kind: str) -> bool:
    wanted = {
        "all": True,
        "orders": entry.order is not None,
        "cancels": entry.cancel is not None,
        "commands": entry.command is not None,
        "refused": entry.refused,
    }
    return wanted[kind]


def sent_columns(width: int) -> tuple[Column, ...]:
    """The columns that fit."""
    return choose_columns(SENT_COLUMNS, width)


def sent_text(entry: Sent, view: View) -> str:
    """What a search looks at."""
    return " ".join((what(entry, view), outcome(entry, view)[0], entry.client_id, entry.exchange_id, entry.symbol))


def sent_row(entry: Sent, view: View, columns: Sequence[Column], chosen: Filter, *, selected: bool) -> Line:
    """One entry: when, where to, what, what became of it, under which id."""
    mode = word(f"mode.short.{entry.mode.value}") if entry.mode is not None else word("records.you")
    day = numbers.day_time_text(entry.time_ms, view.zone).partition(" ")[0]
    is_dated = any(column.id == "sent_day" for column in columns) or _is_today(entry, view)
    cells: dict[str, Span] = {
        "sent_day": (day, "dim"),
        "sent_time": (numbers.time_text(entry.time_ms, view.zone) if is_dated else day, "dim"),
        "sent_mode": (mode, "muted"),
        "sent_what": (what(entry, view), "bold" if entry.command is not None else "text"),
        "outcome": outcome(entry, view),
        "sent_id": (entry.client_id, "dim"),
    }
    line = row_line(columns, cells, selected=selected, cursor=view.cursor)
    if chosen.needle and not matches(sent_text(entry, view), chosen.needle):
        return tuple((text, "dim") for text, _ in line)
    return dim_or_mark(line, chosen.needle) if matches(line_text(line), chosen.needle) else line


def _is_today(entry: Sent, view: View) -> bool:
    return numbers.date_text(entry.time_ms, view.zone) == numbers.date_text(view.now_ms, view.zone)


def what(entry: Sent, view: View) -> str:
    """What was sent, in words."""
    if entry.order is not None:
        intent = entry.order.intent
        rules = view.rules(intent.symbol)
        place = intent.trigger_price if intent.trigger_price is not None else intent.price
        size = f"{numbers.quantity_text(float(intent.quantity))} {numbers.base_asset(intent.symbol, rules)}"
        price = word("records.at_market") if place is None else numbers.price_text(float(place), rules)
        return word(
            f"records.{'trigger' if intent.trigger_price is not None else 'order'}.{intent.side.value}",
            purpose=word(f"story.order.{intent.purpose.value}"),
            size=size,
            price=price,
        )
    if entry.cancel is not None:
        return word("records.cancel", symbol=entry.cancel.symbol, id=entry.cancel.client_id)
    if entry.entry is not None:
        refused = entry.entry
        return word(
            f"records.entry.{refused.side.value}",
            name=refused.symbol,
            setup=setup_name(refused.strategy),
            frame=frame_name(refused.timeframe),
        )
    return _command_words(entry, view)


def _command_words(entry: Sent, view: View) -> str:
    command = entry.command
    if isinstance(command, BlockSymbol | UnblockSymbol):
        name = Block(command.symbol, command.strategy, 0, "").name
        if isinstance(command, UnblockSymbol):
            return word("records.unblock", name=name)
        until = numbers.until_text(command.until_ms, view.now_ms, view.zone) if command.until_ms else ""
        return word("records.block_until" if until else "records.block", name=name, until=until)
    if isinstance(command, ChangeMode):
        return word("records.mode", mode=word(f"mode.{command.mode.value}"))
    if isinstance(command, SetPaused):
        return word("records.pause" if command.paused else "records.resume")
    if isinstance(command, ClosePosition):
        name = _symbols(view).get(command.position_id, command.position_id)
        if command.percent < ALL_PCT:
            return word("records.close_part", name=name, percent=f"{command.percent:f}")
        return word("records.close", name=name)
    if isinstance(command, MoveStop):
        name = _symbols(view).get(command.position_id, command.position_id)
        return word("records.move_stop", name=name, price=numbers.price_text(float(command.price), view.rules(name)))
    if isinstance(command, SetPriceAlert | RemovePriceAlert):
        kind = "alert" if isinstance(command, SetPriceAlert) else "no_alert"
        price = numbers.price_text(command.price, view.rules(command.symbol))
        return word(f"records.{kind}", name=command.symbol, price=price)
    if isinstance(command, DismissSignal):
        return word("records.dismiss" if command.dismissed else "records.bring_back", name=command.symbol)
    if isinstance(command, LookAgain):
        return word("records.look_again")
    if isinstance(command, TakeSignal):
        return word("records.take", name=command.symbol)
    if isinstance(command, KillSwitch):
        return word("records.kill", level=int(command.level), what=word(f"kill.{int(command.level)}"))
    return word("records.rearm") if isinstance(command, Rearm) else type(command).__name__


def _symbols(view: View) -> dict[str, str]:
    """The symbol of each position that is open or was closed lately."""
    desk = view.snapshot.desk
    known = {item.position_id: item.symbol for item in (desk.trades if desk else ())}
    return known | {item.position_id: item.symbol for item in (desk.positions if desk else ())}


def outcome(entry: Sent, view: View) -> Span:
    """What became of it, and how loud that is."""
    if entry.command is not None:
        if not entry.answered_ms:
            return word("records.no_answer"), "attention"
        return heard(entry.answer), "attention" if entry.refused else "text"
    if entry.entry is not None:
        text = f"{word(f'story.state.{OrderStatus.REJECTED.value}')}: {heard(entry.answer)}"
        count, last = entry.entry.count, numbers.time_text(entry.answered_ms, view.zone)
        return (word("records.entry_times", text=text, n=count, time=last) if count > 1 else text), "attention"
    status = entry.status or OrderStatus.SENT
    text = word(f"story.state.{status.value}")
    if entry.filled and entry.order is not None:
        price = numbers.price_text(float(entry.average_price or 0), view.rules(entry.symbol))
        text = word("records.filled", state=text, size=numbers.quantity_text(float(entry.filled)), price=price)
    elif entry.answer and status in (OrderStatus.REJECTED, OrderStatus.EXPIRED, OrderStatus.UNKNOWN):
        text = f"{text}: {heard(entry.answer)}"
    loud = entry.refused or status in (OrderStatus.UNKNOWN, OrderStatus.EXPIRED)
    return text, "attention" if loud else "up" if status is OrderStatus.FILLED else "text"


def sent_detail(entry: Sent, trail: tuple[str, ...]) -> Detail:
    """Everything about one entry; follows its newest state."""

    def lines(view: View, width: int) -> list[Line]:
        now = next((item for item in view.snapshot.sent if item.number == entry.number), entry)
        facts = fact_lines(word("records.what"), what(now, view), width, "bold")
        facts += fact_lines(word("records.outcome"), *_outcome_with_width(now, view, width))
        facts.append(fact(word("detail.time"), numbers.date_time_text(now.time_ms, view.zone), note=view.zone_name))
        if now.answered_ms:
            took = word("records.took", time=_duration(now.answered_ms - now.time_ms))
            when = word("records.last_time" if now.entry is not None else "records.answered")
            facts.append(fact(when, numbers.time_text(now.answered_ms, view.zone), note=took))
        if now.answer and now.command is None and now.entry is None:
            facts += fact_lines(word("records.answer"), heard(now.answer), width)
        if now.mode is not None:
            facts.append(fact(word("records.account"), word(f"mode.{now.mode.value}")))
        for label, value in (("column.symbol", now.symbol), ("column.sent_id", now.client_id)):
            if value:
                facts.append(fact(word(label).strip(), value))
        if now.entry is not None:
            facts.append(fact(word("records.signal_id"), now.entry.signal_id))
        if now.exchange_id:
            facts.append(fact(word("records.exchange_id"), now.exchange_id))
        return [*facts, *_order_facts(now)]

    return Detail(trail, (Box("sent", word("records.sent_title"), lines, True),), symbol=entry.symbol)


def _outcome_with_width(entry: Sent, view: View, width: int) -> tuple[str, int, str]:
    text, token = outcome(entry, view)
    return text, width, token


def _order_facts(entry: Sent) -> list[Line]:
    if entry.order is None:
        return []
    intent = entry.order.intent
    lines = [
        fact(word("records.position"), intent.position_id),
        fact(word("records.type"), intent.order_type.value, note=word("records.reduce") if intent.reduce_only else ""),
    ]
    if entry.fees:
        lines.append(fact(word("records.fees"), f"{entry.fees:f} USDT"))
    return lines


def empty_lines(identity: str, width: int) -> list[Line]:
    """What will stand here."""
    return [(), *(((f"  {part}", "muted"),) for part in wrap(word(identity), width - 4))]


def notice(name: str, chosen: Filter, shown: int, hits: Sequence[int], cursor: int) -> Line:
    """What is shown, and where one is among the matches."""
    parts = [word("records.shown", n=shown), name]
    if chosen.symbol:
        parts.append(chosen.symbol)
    spans: list[Span] = [(f" {f'  {SEPARATOR}  '.join(parts)}", "muted")]
    if chosen.needle:
        at = hits.index(cursor) + 1 if cursor in hits else 0
        text = word("records.matches" if hits else "records.no_match", text=chosen.needle, at=at or "?", n=len(hits))
        spans.append((f"   {text}", "title" if hits else "attention"))
    return tuple(spans)


def _duration(time_ms: int) -> str:
    """Milliseconds up to ten seconds, then as an age."""
    return numbers.milliseconds_text(time_ms, decimals=0) if time_ms < 10_000 else numbers.long_age_text(time_ms)
