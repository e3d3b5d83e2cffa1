"""Tells which strategies were set aside after faults, and which of the user's own could not be loaded.

Once in the log, and while it lasts in the health view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from futtui.domain.effects import Severity
from futtui.domain.reading import AnalysisResult

NAMED = 3


class StrategyWatch:
    """Looks at the verdicts of every round; many symbols with one faulty strategy make one line, not many."""

    def __init__(
        self,
        say: Callable[[str, str, Severity], None],
        own_titles: Sequence[str] = (),
        own_problems: Sequence[str] = (),
    ) -> None:
        self._say = say
        self._own_titles = own_titles
        self._own_problems = own_problems
        self._introduced = False
        self._aside: dict[str, dict[str, str]] = {}
        self._told: dict[tuple[str, str], str] = {}

    def introduce(self) -> None:
        """Tell, once, which strategies of the user's own run, and why others do not."""
        if self._introduced:
            return
        self._introduced = True
        if self._own_titles:
            self._say("strategy", f"Your own strategies run too: {', '.join(self._own_titles)}.", Severity.NOTICE)
        for problem in self._own_problems:
            self._say("strategy", f"{problem} The other strategies go on.", Severity.WARNING)

    def look(self, results: Iterable[AnalysisResult]) -> None:
        """Take in the answers of a round, and tell what is new."""
        news: dict[str, list[tuple[str, str]]] = {}
        for result in results:
            symbol = result.reading.symbol
            for verdict in result.verdicts:
                symbols = self._aside.setdefault(verdict.strategy, {})
                if not verdict.set_aside:
                    symbols.pop(symbol, None)
                    continue
                symbols[symbol] = verdict.reason
                if self._told.get((verdict.strategy, symbol)) != verdict.reason:
                    self._told[verdict.strategy, symbol] = verdict.reason
                    news.setdefault(verdict.strategy, []).append((symbol, verdict.reason))
        for strategy, found in news.items():
            where, reason = _named([symbol for symbol, _ in found]), found[0][1]
            text = f"Strategy {strategy} on {where}: {reason}. The other strategies go on."
            self._say("strategy", text, Severity.WARNING)

    def troubles(self) -> Iterator[str]:
        """A sentence for each strategy that is set aside somewhere now, or could not be loaded."""
        yield from self._own_problems
        for strategy, symbols in self._aside.items():
            if symbols:
                reason = next(iter(symbols.values()))
                yield f"Strategy {strategy} does not run on {_named(list(symbols))}: {reason}."


def _named(symbols: list[str]) -> str:
    if len(symbols) <= NAMED:
        return ", ".join(symbols)
    return f"{', '.join(symbols[:NAMED])} and {len(symbols) - NAMED} more"
