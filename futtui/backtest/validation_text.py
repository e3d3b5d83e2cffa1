"""A validation for people and for programs: the checklist, the runs beside it, the verdict in plain words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from futtui.backtest.checklist import Answer, Moved
from futtui.backtest.report import as_json, down
from futtui.backtest.validation import Validation
from futtui.backtest.walk import AGAINST, NO_BOUND, WITH
from futtui.domain.performance import FallRisk
from futtui.live.code_hash import run_code_hash
from futtui.strategies.catalogue import title_of

SCHEMA = 1
MOST_RUNS = 12
SURE_R = 0.05
MARKS = {Answer.YES: "[yes]", Answer.NO: "[NO ]", Answer.OPEN: "[ ? ]"}
GROUPS = {
    "setup": "What each strategy is worth (the run without it)",
    "modifier": "What each modifier of the score is worth",
    "filter": "What each filter is worth",
    "component": "What each component is worth",
    "number": "Numbers moved by 10 and 20 %",
}


def validation_lines(found: Validation) -> Iterator[str]:
    """Lines for the terminal."""
    run = found.request.run
    strategy = found.request.strategy
    yield (
        f"Validation of {title_of(strategy) if strategy else 'all strategies that trade'} on {', '.join(run.symbols)}; "
        f"trials counted on this data: {found.trial_count}"
    )
    yield f"Code {run_code_hash() or '-'}, data {found.result.data_hash}, settings {found.trial.settings}"
    yield ""
    for check in found.checks:
        yield f"{MARKS[check.answer]} {check.name}: {check.detail}"
    yield ""
    yield from _order_lines(found)
    yield from _fall_lines(found)
    for group, title in GROUPS.items():
        yield from _group_lines(title, [each for each in found.moved if each.group == group])
    for remark in found.remarks:
        yield f"Note: {remark}"
    yield "Not asked here: agreement with live trading (compare with `futtui signals` once it has run)."
    yield ""
    yield found.verdict


def validation_json(found: Validation) -> dict[str, Any]:
    """One JSON object: the run as `futtui backtest --json` writes it, and every check and run beside it."""
    request = found.request
    return {
        "schema": SCHEMA,
        "verdict": found.badge.value,
        "verdict_text": found.verdict,
        "strategy": request.strategy,
        "quick": request.quick,
        "code_hash": run_code_hash(),
        "data_hash": found.result.data_hash,
        "settings_hash": found.trial.settings,
        "trials": found.trial_count,
        "checks": [{"name": c.name, "answer": c.answer.name.lower(), "detail": c.detail} for c in found.checks],
        "entry_skill": None if found.skill is None else dataclasses.asdict(found.skill),
        "fall_risk": None if found.falls is None else dataclasses.asdict(found.falls),
        "fall_risk_of_order": None if found.order_falls is None else dataclasses.asdict(found.order_falls),
        "inside_bar": both_orders(found),
        "runs": [dataclasses.asdict(each) for each in found.moved],
        "look_ahead": [
            {
                "symbol": each.symbol,
                "closes": each.closes,
                "different": [[time_ms, who] for time_ms, who in each.different],
                "opened": list(each.opened),
            }
            for each in found.ahead
        ],
        "notes": found.remarks,
        "backtest": as_json(found.result),
    }


def both_orders(found: Validation) -> dict[str, float] | None:
    """Sum in R with price going against the position first inside a bar, with it first, and the worse of both.

    None where only one of them was run.
    """
    other = next((each.net_r for each in found.moved if each.group == "intrabar"), None)
    if other is None:
        return None
    here = found.statistics.net_r
    against, kind = (other, here) if found.request.run.optimistic else (here, other)
    return {"against_first_net_r": against, "with_first_net_r": kind, "worse_net_r": min(here, other)}


def _order_lines(found: Validation) -> Iterator[str]:
    both = both_orders(found)
    if both is None:
        return
    against, kind, worse = both.values()
    yield (
        f"Inside a bar nobody knows the order: {AGAINST} {against:+.1f} R, {WITH} {kind:+.1f} R, "
        f"the worse of both {worse:+.1f} R. Each is {NO_BOUND}."
    )


def _fall_lines(found: Validation) -> Iterator[str]:
    real = found.statistics.max_drawdown_r
    if found.falls is None or found.order_falls is None:
        return
    yield (
        f"Largest fall: {down(real)} R here. If such days come again: {_falls(found.falls)}. "
        f"The same days in another order: {_falls(found.order_falls)}."
    )


def _falls(risk: FallRisk) -> str:
    return (
        f"half of all paths stay above {down(risk.middle)} R, 95 % above {down(risk.most_95)} R, "
        f"99 % above {down(risk.most_99)} R"
    )


def _group_lines(title: str, runs: list[Moved]) -> Iterator[str]:
    if not runs:
        return
    yield ""
    yield f"{title}:"
    order = sorted((each for each in runs if abs(each.change_r) > 1e-9), key=lambda each: -abs(each.change_r))
    for each in order[:MOST_RUNS]:
        yield f"  {each.name:<34} {_result(each)}  changes the sum by {each.change_r:+.1f} R {_interval(each)}"
    rest = len(runs) - len(order[:MOST_RUNS])
    if rest:
        verb = "changes" if rest == 1 else "change"
        less = f"and {rest} more that {verb} less or nothing" if order else f"none of {rest} runs changes anything"
        yield f"  {less} (all are in --json)"


def _result(each: Moved) -> str:
    mean = "   -    " if each.expectancy_r is None else f"{each.expectancy_r:+.3f} R"
    return f"n {each.trades:<5} {mean}"


def _interval(each: Moved) -> str:
    if each.change_low is None or each.change_high is None:
        return ""
    surely = each.change_low > SURE_R or each.change_high < -SURE_R
    return f"[{each.change_low:+.1f}..{each.change_high:+.1f}]" + ("" if surely else ", which may be chance")
