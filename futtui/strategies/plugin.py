"""A user's own strategy, from its text to an object like any other. Reading files and checking settings is done above.

The text travels with the settings, so that every worker process makes the same strategy from the same words.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any

from futtui.domain.errors import FuttuiError
from futtui.domain.late_signal import LateSignal, written
from futtui.domain.signal import RawSignal, System
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES
from futtui.strategies.base import BaseStrategy, MemorylessStrategy, Proposal, StrategyContext

NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


class PluginError(FuttuiError):
    """A user's own strategy cannot be used; the text says why in plain words."""


@dataclass(frozen=True, slots=True)
class PluginSource:
    """One file with a strategy: where it lies, its text, and the values of its settings that are not the default."""

    file: str
    text: str
    settings: tuple[tuple[str, Any], ...] = ()

    @property
    def short_name(self) -> str:
        """The file's name without its folder and ending."""
        return re.split(r"[/\\]", self.file)[-1].removesuffix(".py")

    @property
    def fingerprint(self) -> str:
        """Short hash of the text, whatever ends its lines."""
        return hashlib.blake2b("\n".join(self.text.splitlines()).encode(), digest_size=4).hexdigest()


class BrokenPlugin(MemorylessStrategy):
    """Stands in for a strategy that could be checked but not be made here; says why at every close."""

    system = System.PLUGIN
    title = "Own strategy"
    enabled = True
    required_bars = 0

    def __init__(self, symbol: str, name: str, fault: str) -> None:
        super().__init__(symbol)
        self.name = name  # type: ignore[misc]
        self._fault = fault

    def evaluate(self, context: StrategyContext) -> Proposal:
        """Why it is not there."""
        return self.unavailable(f"set aside: {self._fault}", set_aside=True)


def build_plugins(symbol: str, plugins: Sequence[PluginSource]) -> tuple[BaseStrategy, ...]:
    """Fresh strategies of the user for one symbol; one that fails is replaced by its reason, the others are made."""
    return tuple(_built(symbol, plugin) for plugin in plugins)


def _built(symbol: str, plugin: PluginSource) -> BaseStrategy:
    try:
        return make_plugin(symbol, plugin)
    except PluginError as fault:
        return BrokenPlugin(symbol, f"{plugin.short_name}.py", str(fault))


def make_plugin(symbol: str, plugin: PluginSource) -> BaseStrategy:
    """The user's strategy for one symbol; raises PluginError."""
    made = plugin_class(plugin)
    try:
        given = () if made.settings_type is None else (made.settings_type(**dict(plugin.settings)),)
        strategy = made(symbol, *given)
        needs = {name: getattr(strategy, name) for name in ("enabled", "required_bars", "memory_bars")}
    except (Exception, SystemExit) as fault:  # whatever a user's code does: the others must go on
        raise PluginError(f"{made.__name__} cannot be made ({type(fault).__name__}: {fault})") from fault
    for name in ("required_bars", "memory_bars"):
        if type(needs[name]) is not int or needs[name] < 0:
            raise PluginError(f"`{name}` is {needs[name]!r}; it must be a whole number, 0 or more")
    return strategy


def plugin_class(plugin: PluginSource) -> type[BaseStrategy]:
    """The strategy that a text defines; raises PluginError with what is wrong with it."""
    found = _class_or_fault(plugin.file, plugin.text, plugin.fingerprint)
    if isinstance(found, str):
        raise PluginError(found)
    return found


def forget_plugins() -> None:
    """Have every strategy of the user made from its text anew: what it kept in its module is no longer there."""
    _class_or_fault.cache_clear()


@cache
def _class_or_fault(file: str, text: str, fingerprint: str) -> type[BaseStrategy] | str:
    module = ModuleType(f"futtui_plugin_{PluginSource(file, text).short_name}_{fingerprint}")
    module.__file__ = file
    sys.modules[module.__name__] = module  # dataclasses look their module up by its name
    try:
        exec(compile(text, file, "exec"), module.__dict__)
        return _checked(_strategy_in(module), fingerprint)
    except PluginError as fault:
        return str(fault)
    except SyntaxError as fault:
        return f"line {fault.lineno}: {fault.msg}"
    except (Exception, SystemExit) as fault:  # whatever a user's code does: the others must go on
        return f"{_line_of(fault, file)}{type(fault).__name__}: {fault}"


def _strategy_in(module: ModuleType) -> type[BaseStrategy]:
    own = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    mine = [each for each in own if issubclass(each, BaseStrategy)]
    found = [each for each in mine if not any(other is not each and issubclass(other, each) for other in mine)]
    if not found:
        raise PluginError("there is no strategy in it: write a class that extends MemorylessStrategy or BaseStrategy")
    if len(found) > 1:
        names = ", ".join(each.__name__ for each in found)
        raise PluginError(f"there are {len(found)} strategies in it ({names}): put each into a file of its own")
    return found[0]


def _checked(made: type[BaseStrategy], fingerprint: str) -> type[BaseStrategy]:
    missing = sorted(made.__abstractmethods__)
    if missing:
        raise PluginError(f"{made.__name__} lacks {', '.join(f'`{name}`' for name in missing)}")
    name, title = getattr(made, "name", None), getattr(made, "title", None)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise PluginError(f"`name` is {name!r}; use 2 to 40 small letters, digits and _, as in three_closes")
    if not isinstance(title, str) or not title.strip():
        raise PluginError(f"`title` is {title!r}; write the name for people, as in Three Closes")
    if made.timeframe not in ANALYSIS_TIMEFRAMES:
        known = ", ".join(f"Timeframe.{each.name}" for each in ANALYSIS_TIMEFRAMES)
        raise PluginError(f"`timeframe` must be one of {known}")
    made.system = System.PLUGIN
    if "may_propose" not in vars(made):  # that of a shipped strategy knows nothing of what was changed in it
        made.may_propose = BaseStrategy.may_propose  # type: ignore[method-assign]
    made.evaluate = _stamped(made.evaluate, fingerprint)  # type: ignore[method-assign]
    return made


def _stamped(evaluate: Any, fingerprint: str) -> Any:
    """Its own `evaluate`, whose signals carry the hash of the file that made them."""

    def stamped(self: BaseStrategy, context: StrategyContext) -> Proposal:
        answer: Proposal = evaluate(self, context)
        if type(answer) is LateSignal:
            answer = written(answer)
        if type(answer) is RawSignal:
            return replace(answer, inputs_hash=f"{fingerprint}{answer.inputs_hash}")
        return answer

    return stamped


def _line_of(fault: BaseException, file: str) -> str:
    """Where in the user's file it went wrong, as `line 12: `."""
    step, line = fault.__traceback__, 0
    while step is not None:
        line = step.tb_lineno if step.tb_frame.f_code.co_filename == file else line
        step = step.tb_next
    return f"line {line}: " if line else ""
