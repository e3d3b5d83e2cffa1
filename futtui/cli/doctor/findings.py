"""What a check found, and how a check is run so that it can neither hang nor take the others with it."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Level(Enum):
    """How bad it is."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `advice` says what to do, empty where there is nothing to do."""

    name: str
    level: Level
    text: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """The finding as plain JSON types."""
        return {"name": self.name, "level": self.level.value, "text": self.text, "advice": self.advice}


Check = Callable[[], Awaitable[Iterable[Finding]]]


def ok(name: str, text: str) -> Finding:
    """All is well."""
    return Finding(name, Level.OK, text)


def warn(name: str, text: str, advice: str) -> Finding:
    """It works, but not well."""
    return Finding(name, Level.WARN, text, advice)


def fail(name: str, text: str, advice: str) -> Finding:
    """futtui cannot work like this."""
    return Finding(name, Level.FAIL, text, advice)


async def run_check(name: str, check: Check, seconds: float) -> list[Finding]:
    """What a check found; a check that takes too long or stumbles is a finding itself."""
    try:
        async with asyncio.timeout(seconds):
            return list(await check())
    except TimeoutError:
        advice = "Try again; if it stays so, look at what stands in the way: a firewall, a proxy, a slow disk."
        return [fail(name, f"no result within {seconds:g} s", advice)]
    except Exception as error:
        text = f"could not be looked at ({type(error).__name__}: {error})"
        return [warn(name, text, "The other checks are not affected. Please report this line.")]


class DaemonThreads(ThreadPoolExecutor):
    """An executor whose threads do not hold up the end of the program: a name look-up may hang for minutes."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` in a thread of its own."""
        future: Future[Any] = Future()
        context = contextvars.copy_context()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(context.run(fn, *args, **kwargs))
            except BaseException as error:  # handed to whoever waits
                future.set_exception(error)

        threading.Thread(target=work, name="doctor", daemon=True).start()
        return future
