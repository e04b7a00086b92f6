"""Links to the other dashboards, the demo and Jaeger."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

TAG = "overlap"
APP_URL = "http://127.0.0.1:8000/"
JAEGER_URL = "http://127.0.0.1:16686"
PAGE_URL = "http://127.0.0.1:8004"
"""`overlap page`: a trace with its verdict, the survey by route, the lessons' play buttons."""
LESSON = "/d/overlap-lesson?var-lesson=${__value.raw}&${__url_time_range}"


def everywhere() -> list[sdk.DashboardLink]:
    """Return the links above each dashboard."""
    return [
        sdk.DashboardLink("Overlap")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .keep_time(True)
        .tooltip("The other dashboards of Overlap"),
        _out("The demo", APP_URL, "The app whose lessons these are"),
        _out("Jaeger", f"{JAEGER_URL}/search", "The whole traces"),
        _out(
            "Verdicts", f"{PAGE_URL}/routes", "Where the time goes, by route; verdicts and advice"
        ),
        _out(
            "Monitor", f"{JAEGER_URL}/monitor", "Jaeger's own view of rates, errors and durations"
        ),
    ]


def _out(title: str, url: str, tooltip: str) -> sdk.DashboardLink:
    return (
        sdk.DashboardLink(title)
        .type(DashboardLinkType.LINK)
        .icon("external link")
        .url(url)
        .tooltip(tooltip)
        .target_blank(True)
    )


def link(title: str, url: str, *, new_tab: bool = False) -> dict[str, object]:
    """Return a link for a table's cell."""
    return {"title": title, "url": url, "targetBlank": new_tab}


def to_trace() -> dict[str, object]:
    """Return the link from a cell with a trace id to that trace in Jaeger."""
    return link("Open the trace in Jaeger", f"{JAEGER_URL}/trace/${{__value.raw}}", new_tab=True)


def to_verdict() -> dict[str, object]:
    """Return the link from a cell with a trace id to that trace's verdict."""
    return link("Verdict and advice", f"{PAGE_URL}/trace/${{__value.raw}}", new_tab=True)


def to_lesson() -> dict[str, object]:
    """Return the link from a cell with a lesson's name to its dashboard."""
    return link("Open the lesson", LESSON)


def to_play() -> dict[str, object]:
    """Return the link from a cell with a lesson's name to its page, which can play it."""
    return link("Play it", f"{PAGE_URL}/lessons/${{__value.raw}}", new_tab=True)


def panel_link(title: str, url: str) -> sdk.DashboardLink:
    """Return a link for a panel's corner."""
    return sdk.DashboardLink(title).type(DashboardLinkType.LINK).url(url)
