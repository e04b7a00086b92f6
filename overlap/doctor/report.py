"""The report: one line per hop, printed as it is checked; and the JSON of `--json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.text import Text

from overlap.doctor.finding import Finding
from overlap.doctor.walk import HOPS, Hop, broken
from overlap.draw import clean

_STYLES = {"ok": "green", "broken": "bold red", "absent": "dim", "skipped": "yellow"}
_WORDS = {"absent": "-", "skipped": "?"}
_NAME = max(len(hop.name) for hop in HOPS)
_STATE = len("broken")


class Report:
    """A context manager: while a hop is checked, a terminal shows a status line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        # One console for both, so that the status line stays below what is printed.
        waiting = console if console.is_terminal and not console.quiet else Console(stderr=True)
        self._status = waiting.status("") if waiting.is_terminal else None

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def looking(self, hop: Hop) -> None:
        """Show what is being done."""
        if self._status is not None:
            self._status.update(f"{hop.name}: {hop.looking}")

    def found(self, finding: Finding) -> None:
        """Print one hop's line and, if it is broken, what to do."""
        word = _WORDS.get(finding.state, finding.state)
        line = Text(f"{word:<{_STATE}}", style=_STYLES[finding.state])
        line.append(
            f"  {finding.hop:<{_NAME}}", style="bold" if finding.state != "absent" else "dim"
        )
        line.append(f"  {finding.seconds:6.2f} s  ", style="dim")
        line.append(self._safe(finding.seen), style="dim" if finding.state == "absent" else "")
        self._print(line)
        if finding.do:
            self._print(Text(f"{'':<{_STATE + _NAME + 2}}  what to do:  {self._safe(finding.do)}"))

    def summary(self, findings: Sequence[Finding]) -> None:
        """Print the conclusion."""
        first = broken(findings)
        if first is None:
            walked = sum(finding.state == "ok" for finding in findings)
            self._print(Text(f"All well: {walked} hops checked, none broken.", style="green"))
        else:
            self._print(Text(f"The telemetry pipeline is broken at {first.hop}.", style="bold red"))

    def _safe(self, words: str) -> str:
        return clean(words, encoding=self._console.encoding)

    def _print(self, line: Text) -> None:
        # Lines are not wrapped: a pipe may be searched by line.
        self._console.print(line, soft_wrap=True)


def as_dict(findings: Sequence[Finding]) -> Mapping[str, Any]:
    """Return what `--json` prints."""
    first = broken(findings)
    return {
        "ok": first is None,
        "broken": first.hop if first else None,
        "hops": [finding.as_dict() for finding in findings],
    }
