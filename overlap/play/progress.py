"""The progress line on the terminal while a scenario is played."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from overlap.draw import clean
from overlap.play.result import Progress


class Display:
    """A line with a clock on a terminal; one plain line elsewhere."""

    def __init__(self, console: Console, total: int, number: int = 0, name: str = "") -> None:
        self._console = console
        self._head = f"{number}/{total} {name}" if number else ""
        # Standard output may be a pipe that expects JSON.
        self._bars = Bars(
            SpinnerColumn("line" if console.options.ascii_only else "dots"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
            self._task = self._bars.add_task(self._head)
        elif self._head:
            self._console.print(f"playing {self._head}", markup=False, highlight=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def say(self, words: str) -> None:
        """Show this text beside the clock."""
        if self._console.is_terminal:
            text = clean(f"{self._head}  {words}", encoding=self._console.encoding)
            self._bars.update(self._task, description=text[: max(20, self._console.width - 16)])

    def update(self, progress: Progress) -> None:
        """Show the progress of the scenario."""
        if progress.in_flight:
            self.say(f"{progress.in_flight} in flight, {progress.answered} answered")
        elif progress.waiting_for:
            self.say(f"{progress.spans} spans, waiting for {progress.waiting_for}")
        else:
            self.say(f"{progress.answered} answered, {progress.spans} spans")
