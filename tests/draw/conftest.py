"""Hand-made traces, and a way to print their pictures."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from overlap import names
from overlap.draw import picture
from overlap.judge import verdict
from overlap.trace import Event, Span, Trace

T0 = 1_700_000_000_000_000_003


def _span(
    span_id: str, start_ms: float, end_ms: float | None, parent_id: str | None = None, **fields: Any
) -> Span:
    def ns(ms: float) -> int:
        return T0 + round(ms * 1_000_000)

    return Span(
        trace_id="f" * 32,
        span_id=span_id,
        name=fields.pop("name", span_id),
        start_ns=ns(start_ms),
        end_ns=None if end_ms is None else ns(end_ms),
        parent_id=parent_id,
        service=fields.pop("service", "smokehouse"),
        events=tuple(Event(name, ns(ms)) for name, ms in fields.pop("events", ())),
        **fields,
    )


@pytest.fixture(scope="session")
def span() -> Callable[..., Span]:
    """Make a span: id, start and end in ms, parent's id, then Span's own fields."""
    return _span


@pytest.fixture(scope="session")
def draw() -> Callable[..., str]:
    """Print the picture of these spans; `width`, `encoding` and `colour` are the terminal's."""

    def drawn(
        spans: list[Span], width: int = 80, encoding: str = "utf-8", colour: str | None = None
    ) -> str:
        file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
        console = Console(
            file=file,
            width=width,
            color_system=colour,
            force_terminal=colour is not None,
            legacy_windows=False,
            _environ={},
        )
        trace = Trace("f" * 32, tuple(spans))
        console.print(picture(trace, verdict(trace)))
        file.seek(0)
        return file.read()

    return drawn


@pytest.fixture(scope="session")
def smoked() -> list[Span]:
    """A gather, then one more step."""
    play, lesson = {"service": "overlap-play"}, {names.SCENARIO_NAME: "x"}
    return [
        _span("root", 0, 2051, name="scenario smoke_some_meats", attributes=lesson, **play),
        _span("c", 1, 2050, "root", name="GET /smoke_some_meats/", kind="client", **play),
        _span("view", 5, 2048, "c", name="GET /smoke_some_meats/", kind="server"),
        _span("get_smokables", 8, 2020, "view"),
        _span("g", 2009, 2019, "get_smokables", name="GET", kind="client"),
        _span("u", 2011, 2018, "g", name="GET /", kind="server", service="httpbin"),
        _span("get_flavor", 9, 1019, "view"),
        _span("smoke", 2021, 2046, "view", events=[("smoked ribs", 2040)]),
    ]


@pytest.fixture(scope="session")
def burned() -> list[Span]:
    """A loop held for five seconds, and a neighbour."""
    play, lesson = {"service": "overlap-play"}, {names.SCENARIO_NAME: "x"}
    where = {
        names.CODE_FILE_PATH: "app/views/tutorial.py",
        names.CODE_LINE_NUMBER: 91,
        names.CODE_FUNCTION_NAME: "oversmoke",
    }
    return [
        _span("root", 0, 5051, name="scenario burn_some_meats", attributes=lesson, **play),
        _span("c", 1, 5030, "root", name="GET /burn_some_meats/", kind="client", **play),
        _span("view", 8, 5025, "c", name="GET /burn_some_meats/", kind="server"),
        _span("oversmoke", 10, 5020, "view"),
        _span("b", 12, 5012, "oversmoke", name=names.SPAN_BLOCKED, attributes=where),
        _span("n", 500, 5040, "root", name="GET /", kind="client", **play),
        _span("s", 5031, 5035, "n", name="GET /", kind="server"),
    ]


@pytest.fixture(scope="session")
def left_behind() -> list[Span]:
    """Work past the response, in a thread; a failure; a task that was lost; one with no end."""

    def thread(number: int) -> dict[str, object]:
        return {names.THREAD_ID: number, names.THREAD_NAME: f"ThreadPoolExecutor-0_{number}"}

    return [
        _span("view", 0, 25, name="GET /sync_to_async/", kind="server", attributes=thread(0)),
        _span("http_call_sync", 5, 3061, "view", attributes=thread(1)),
        *(
            _span(
                f"t{i}",
                10 + i * 1000,
                1010 + i * 1000,
                "http_call_sync",
                name="tick",
                attributes=thread(1),
                events=[("counted", 1009 + i * 1000)],
            )
            for i in range(3)
        ),
        _span("fails", 8, 900, "view", status="error", events=[("exception", 899)]),
        _span("forgotten", 20, 2000, "view", attributes={names.TASK_END: names.TASK_LOST}),
        _span("open", 21, None, "view"),
        _span("mark", 22, 22, "view"),
    ]
