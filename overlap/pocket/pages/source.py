"""Where the traces of the pages come from.

Pocket receives them, `overlap page` reads a backend, and `overlap recorder --page` has a recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another server's page."""

    text: str
    url: str


class Source(Protocol):
    """The traces' source. It fills the store that the pages show."""

    @property
    def receives(self) -> bool:
        """Whether telemetry is sent to this process, so that it has logs and metrics, too."""

    @property
    def footer(self) -> str:
        """Where the traces are, as a sentence."""

    @property
    def problem(self) -> str:
        """Why the pages may lack traces, as a sentence; empty if they don't."""

    @property
    def app_answers(self) -> bool:
        """Whether scenarios can be played."""

    @property
    def links(self) -> list[Link]:
        """Links of every page."""

    def trace_links(self, trace_id: str, scenario: str) -> list[Link]:
        """Return the links of a trace's page. `scenario`: its name, if it is one's trace."""

    async def find(self, trace_id: bytes) -> None:
        """Bring a trace to the store, if it is somewhere else."""


class Received:
    """Pocket's own source: what it receives is in the store."""

    receives = True
    footer = (
        "Traces are kept in this process's memory only. Jaeger's API for the same traces: "
        "`/api/v3/traces/{trace_id}`."
    )
    problem = ""
    app_answers = True
    links: list[Link] = []  # noqa: RUF012  a constant

    def trace_links(self, trace_id: str, scenario: str) -> list[Link]:
        """Return the link to the trace's JSON."""
        return [Link("as JSON", f"/api/v3/traces/{trace_id}")]

    async def find(self, trace_id: bytes) -> None:
        """Do nothing: what was received is in the store."""


class Recorded(Received):
    """The requests of a recording of the flight recorder. Nothing more is received."""

    receives = False
    footer = "The traces are the requests of a recording of the flight recorder."
    app_answers = False
