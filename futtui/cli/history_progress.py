"""A progress bar with rate and time left; nothing of it where the output is not a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn


class FileProgress:
    """Use with `with`. Shows files done, files per second, what else the job tells, and the time left."""

    def __init__(self, title: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _RateColumn(""),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(stderr=True),
            transient=True,
        )
        self._progress.disable = not self._progress.console.is_terminal
        self._task = self._progress.add_task(title, total=None, told="")

    def __enter__(self) -> FileProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done: int, total: int, told: str) -> None:
        """How far the job is."""
        self._progress.update(self._task, completed=done, total=total, told=told)

    def tell(self, told: str) -> None:
        """What the job looks at, where its length is not known."""
        self._progress.update(self._task, told=told)


class _RateColumn(TextColumn):
    def render(self, task: Task) -> object:  # type: ignore[override]
        """Files per second, once it can be told."""
        from rich.text import Text

        return Text(f"{task.speed:.1f} files/s" if task.speed else "")
