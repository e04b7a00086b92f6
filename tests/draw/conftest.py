"""Hand-made traces, and a way to print their pictures."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from overlap import names
from overlap.draw import picture
from overlap.judge import verdict
from overlap.trace import Span, Trace


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
def smoked(span: Callable[..., Span]) -> list[Span]:
    """A gather, then one more step."""
    play, lesson = {"service": "overlap-play"}, {names.SCENARIO_NAME: "x"}
    return [
        span("root", 0, 2051, name="scenario smoke_some_meats", attributes=lesson, **play),
        span("c", 1, 2050, "root", name="GET /smoke_some_meats/", kind="client", **play),
        span("view", 5, 2048, "c", name="GET /smoke_some_meats/", kind="server"),
        span("get_smokables", 8, 2020, "view"),
        span("g", 2009, 2019, "get_smokables", name="GET", kind="client"),
        span("u", 2011, 2018, "g", name="GET /", kind="server", service="httpbin"),
        span("get_flavor", 9, 1019, "view"),
        span("smoke", 2021, 2046, "view", events=[("smoked ribs", 2040)]),
    ]


@pytest.fixture(scope="session")
def burned(span: Callable[..., Span]) -> list[Span]:
    """A loop held for five seconds, and a neighbour."""
    play, lesson = {"service": "overlap-play"}, {names.SCENARIO_NAME: "x"}
    where = {
        names.CODE_FILE_PATH: "app/views/tutorial.py",
        names.CODE_LINE_NUMBER: 91,
        names.CODE_FUNCTION_NAME: "oversmoke",
    }
    return [
        span("root", 0, 5051, name="scenario burn_some_meats", attributes=lesson, **play),
        span("c", 1, 5030, "root", name="GET /burn_some_meats/", kind="client", **play),
        span("view", 8, 5025, "c", name="GET /burn_some_meats/", kind="server"),
        span("oversmoke", 10, 5020, "view"),
        span("b", 12, 5012, "oversmoke", name=names.SPAN_BLOCKED, attributes=where),
        span("n", 500, 5040, "root", name="GET /", kind="client", **play),
        span("s", 5031, 5035, "n", name="GET /", kind="server"),
    ]


@pytest.fixture(scope="session")
def left_behind(span: Callable[..., Span]) -> list[Span]:
    """Work past the response, in a thread; a failure; a task that was lost; one with no end."""

    def thread(number: int) -> dict[str, object]:
        return {names.THREAD_ID: number, names.THREAD_NAME: f"ThreadPoolExecutor-0_{number}"}

    return [
        span("view", 0, 25, name="GET /sync_to_async/", kind="server", attributes=thread(0)),
        span("http_call_sync", 5, 3061, "view", attributes=thread(1)),
        *(
            span(
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
        span("fails", 8, 900, "view", status="error", events=[("exception", 899)]),
        span("forgotten", 20, 2000, "view", attributes={names.TASK_END: names.TASK_LOST}),
        span("open", 21, None, "view"),
        span("mark", 22, 22, "view"),
    ]
