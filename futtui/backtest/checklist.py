"""The checklist that makes a claim believable, and the verdict that follows from it, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from futtui.backtest.overfitting import Overfitting
from futtui.backtest.random_entries import PERMUTATIONS, EntrySkill
from futtui.domain.performance import TradeStatistics
from futtui.language.counting import counted
from futtui.measurement.statistics import LEAST_DAYS, LEAST_TRADES

DEFLATED_GATE = 0.95
OVERFITTING_GATE = 0.2
OUTSIDE_GATE = 0.6
CHANCE_GATE = 0.01
COST_SHARE_GATE = 0.4
START_GATE = 0.95


class Answer(Enum):
    """What a check says; OPEN = it could not be asked."""

    YES = "yes"
    NO = "NO"
    OPEN = "open"


class Badge(Enum):
    """How far a claim may be believed, worst first."""

    INSUFFICIENT = "INSUFFICIENT"
    NOT_PROVEN = "NOT PROVEN"
    PLAUSIBLE = "PLAUSIBLE"
    SUPPORTED = "SUPPORTED"


@dataclass(frozen=True, slots=True)
class Check:
    """One question with its answer and the figures behind it."""

    name: str
    answer: Answer
    detail: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Another run beside the real one: its mean result, and the difference by days (with a 95 % interval)."""

    name: str
    group: str
    trades: int
    expectancy_r: float | None
    net_r: float
    change_r: float
    change_low: float | None
    change_high: float | None


@dataclass(frozen=True, slots=True)
class Outside:
    """Mean results before and after the day from which the data had no part in choosing."""

    inside_trades: int
    outside_trades: int
    inside_r: float | None
    outside_r: float | None

    @property
    def ratio(self) -> float | None:
        """Result outside as a share of that inside; None when there was nothing to keep inside."""
        if self.inside_r is None or self.outside_r is None or not self.inside_r > 0:
            return None
        return self.outside_r / self.inside_r


def sample_checks(found: TradeStatistics) -> list[Check]:
    """Is there enough, does it win more often than it must, does it earn?"""
    enough = found.trades >= LEAST_TRADES and found.days >= LEAST_DAYS
    rate, border, mean = found.win_rate, found.break_even_win_rate, found.expectancy_r
    sample = f"{counted(found.trades, 'trade')} on {counted(found.days, 'day')}"
    checks = [Check("enough trades", _yes(enough), f"{sample} (needed: {LEAST_TRADES} on {LEAST_DAYS})")]
    if not found.trades or rate.value is None or rate.low is None or rate.high is None:
        return [*checks, Check("wins often enough", Answer.OPEN, "no trades"), Check("earns", Answer.OPEN, "no trades")]
    share = f"{rate.value:.0%} [{rate.low:.0%}..{rate.high:.0%}]"
    if border is None:
        answer = Answer.OPEN if rate.value > 0 else Answer.NO
        wins = Check("wins often enough", answer, f"{share}; without both wins and losses there is no border")
    else:
        detail = f"{share} against {border:.0%} at which it only pays its costs"
        wins = Check("wins often enough", _yes(rate.low > border), detail)
    low = mean.low
    detail = f"{mean.value:+.3f} R a trade [{_signed(low)}..{_signed(mean.high)}], days drawn anew"
    earns = Answer.OPEN if low is None else _yes(low > 0)
    return [*checks, wins, Check("earns", earns, detail)]


def deflated_check(deflated: float | None, sharpe: float | None, trials: int) -> Check:
    """Would the best of so many worthless trials look like this?"""
    name = "better than the luckiest of all trials"
    if deflated is None or sharpe is None:
        return Check(name, Answer.OPEN, "too few days with results")
    detail = f"{deflated:.0%} sure (Sharpe {sharpe:.3f} a day, {trials} trial{'s' * (trials != 1)} on this data)"
    return Check(name, _yes(deflated > DEFLATED_GATE), detail)


def overfitting_check(found: Overfitting | None, trials: int) -> Check:
    """Does the best of one half stay good in the other?"""
    name = "the best trial stays good elsewhere"
    if found is None:
        if trials < 2:
            return Check(name, Answer.YES, "only one trial: nothing was chosen")
        return Check(name, Answer.OPEN, "the trials were not all on these symbols and days, so they cannot be compared")
    detail = f"{found.probability:.0%} likely to be overfitted ({found.variants} trials, {found.splits} splits)"
    return Check(name, _yes(found.probability < OVERFITTING_GATE), detail)


def outside_check(found: Outside | None) -> Check:
    """Does it hold on days that had no part in choosing it?"""
    name = "holds on days not used for choosing"
    if found is None:
        return Check(name, Answer.OPEN, "not asked: give --chosen-before DAY, or run `futtui walk-forward`")
    ratio = found.ratio
    figures = (
        f"{_signed(found.inside_r)} R a trade before ({found.inside_trades}), {_signed(found.outside_r)} after "
        f"({found.outside_trades})"
    )
    if ratio is None:
        return Check(name, Answer.NO if found.inside_trades else Answer.OPEN, figures)
    return Check(name, _yes(ratio >= OUTSIDE_GATE), f"{figures}: {ratio:.0%} is left (needed: {OUTSIDE_GATE:.0%})")


def skill_check(found: EntrySkill | None) -> Check:
    """Do the same exits earn as much from random entries?"""
    name = "entries beat random ones"
    if found is None:
        return Check(name, Answer.OPEN, "no random closes of the same hour and regime to compare with")
    detail = (
        f"{found.real_r:+.3f} R against {found.random_r:+.3f} R from random entries with the same exits (they win "
        f"{found.random_win_rate:.0%}); random does as well in {found.chance:.1%} of {PERMUTATIONS:,} mixes of "
        f"{counted(found.draws, 'random run')}"
    )
    return Check(name, _yes(found.chance < CHANCE_GATE), detail)


def cost_check(net_r: float, costs_r: float) -> Check:
    """How much of what is earned goes to fees, funding and slippage?"""
    name, gross = "costs leave enough", net_r + costs_r
    if costs_r <= 0:
        return Check(name, Answer.YES, "no costs were charged")
    if gross <= 0:
        return Check(name, Answer.NO, f"before costs it made {gross:+.1f} R: there is nothing to pay them from")
    share = costs_r / gross
    return Check(name, _yes(share < COST_SHARE_GATE), f"they take {share:.0%} of {gross:+.1f} R (limit: 40 %)")


def robust_checks(base_r: float | None, moved: Sequence[Moved]) -> list[Check]:
    """Does the sign stay with dearer costs, one bar later, the other rule inside a bar, and other numbers?"""
    names = {
        "costs": "survives dearer costs",
        "delay": "survives one bar of delay",
        "intrabar": "does not hang on the order inside a bar",
        "number": "does not hang on exact numbers",
    }
    return [_robust(name, base_r, [each for each in moved if each.group == group]) for group, name in names.items()]


def _robust(name: str, base_r: float | None, runs: list[Moved]) -> Check:
    if not runs or base_r is None:
        return Check(name, Answer.OPEN, "not asked")
    known = [each for each in runs if each.expectancy_r is not None]
    flipped = [each for each in known if (each.expectancy_r or 0.0) <= 0]
    told = ", ".join(f"{each.name}: {each.expectancy_r:+.3f} R" for each in sorted(
        known, key=lambda one: one.expectancy_r or 0.0)[:3])  # fmt: skip
    if base_r <= 0:
        return Check(name, Answer.NO, f"there is no profit to survive ({base_r:+.3f} R); {told}")
    detail = told if len(runs) <= 3 else f"{len(flipped)} of {counted(len(runs), 'run')} lose; worst: {told}"
    return Check(name, _yes(not flipped and len(known) == len(runs)), detail)


def ahead_check(closes: int, different: int, who: Sequence[str], opened: Sequence[str]) -> Check:
    """Was every decision the same without a future?"""
    name = "does not look ahead"
    if opened:
        return Check(name, Answer.NO, f"something was read while deciding: {', '.join(opened[:3])}")
    if different:
        return Check(
            name, Answer.NO, f"{different} of {counted(closes, 'close')} decided otherwise without the future, by "
            f"{', '.join(who)}"
        )  # fmt: skip
    if not closes:
        return Check(name, Answer.OPEN, "no close could be decided again")
    again = counted(closes, "close")
    return Check(name, Answer.YES, f"{again} decided again with nothing after them: all equal to the last bit")


def start_check(same: int, together: int) -> Check:
    """Are the signals the same when the history begins elsewhere?"""
    name = "does not depend on where the data begin"
    if not together:
        return Check(name, Answer.OPEN, "no signal on the days that were started anew")
    detail = f"{same} of {counted(together, 'signal')} came again when the history was loaded just before their day"
    return Check(name, _yes(same >= START_GATE * together), detail)


def badge_of(checks: Sequence[Check]) -> Badge:
    """The verdict. The first three checks and the look ahead decide up to PLAUSIBLE; SUPPORTED needs every one."""
    answers = {check.name: check.answer for check in checks}
    if answers.get("does not look ahead") is Answer.NO:
        return Badge.NOT_PROVEN
    if answers["enough trades"] is not Answer.YES:
        return Badge.INSUFFICIENT
    if answers["wins often enough"] is not Answer.YES or answers["earns"] is not Answer.YES:
        return Badge.NOT_PROVEN
    refuted = ("better than the luckiest of all trials", "entries beat random ones")
    if any(answers.get(name) is Answer.NO for name in refuted):
        return Badge.NOT_PROVEN
    return Badge.SUPPORTED if all(each is Answer.YES for each in answers.values()) else Badge.PLAUSIBLE


def in_words(badge: Badge, checks: Sequence[Check]) -> str:
    """The verdict as a sentence."""
    if any(each.name == "does not look ahead" and each.answer is Answer.NO for each in checks):
        return "NOT PROVEN: it looks ahead. Every figure here is worthless until that is mended."
    missing = [each.name for each in checks if each.answer is not Answer.YES]
    listed = "; ".join(missing)
    if badge is Badge.INSUFFICIENT:
        return f"INSUFFICIENT: too few trades to say anything, good or bad. Not passed: {listed}."
    if badge is Badge.NOT_PROVEN:
        return f"NOT PROVEN: this may well be luck, or a loss. Do not trade it for its figures. Not passed: {listed}."
    if badge is Badge.PLAUSIBLE:
        return f"PLAUSIBLE: it may be real, but not every check was passed: {listed}."
    return "SUPPORTED: it passed every check on this data. It may still fail tomorrow; markets change."


def _yes(passed: bool) -> Answer:
    return Answer.YES if passed else Answer.NO


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"
