"""A panel for django-debug-toolbar: where the time of an async request went.

    DEBUG_TOOLBAR_PANELS = ["overlap.toolbar.OverlapPanel", ...]

It shows what is known when the response is made; the whole trace is a link. Needs
django-debug-toolbar 6 or newer.
"""

# mypy: disallow-untyped-calls=False
# (the toolbar has hints for some of its functions only)
from __future__ import annotations

from typing import Any

from debug_toolbar.panels import Panel
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from opentelemetry.trace import format_trace_id

from overlap import config
from overlap.instrument.requests.browser.request_times import COLLECTING, WORDS, times
from overlap.instrument.requests.middleware import server_span_of
from overlap.instrument.requests.server_span import ServerSpan
from overlap.lens.account import Account
from overlap.lens.threads import Work

MOST_ROWS = 20
NOT_TRACED = (
    "This request is not traced: overlap.instrument() was not called, or the URL is excluded."
)


class OverlapPanel(Panel):
    """How long a request ran on the loop, was ready, waited, and for what."""

    is_async = True
    title = "Overlap"
    nav_title = "Overlap"
    has_content = True

    def enable_instrumentation(self) -> None:
        """Collect the figures of threads and of the database, from the first request on."""
        COLLECTING.start()

    def generate_stats(self, request: Any, response: Any) -> None:
        """Record the figures of a request, as plain data that the toolbar can store."""
        server_span = server_span_of(request)
        if server_span is None:
            self.record_stats({"figures": [], "waits": [], "threads": [], "url": ""})
            return
        figures = [[name, round(seconds * 1000, 1)] for name, seconds in times(server_span).items()]
        self.record_stats(
            {
                "figures": figures,
                "waits": _waits(server_span),
                "threads": _threads(server_span),
                "url": _url(server_span),
            }
        )

    @property
    def nav_subtitle(self) -> str:
        """The two figures that say most."""
        found = dict(self.get_stats().get("figures", ()))
        shown = [f"{name} {found[name]:g} ms" for name in ("loop", "wait") if name in found]
        return ", ".join(shown) or "not measured"

    @property
    def content(self) -> SafeString:
        """The panel as HTML. Names from the project are escaped."""
        stats = self.get_stats()
        if not stats.get("figures"):
            return format_html("<p>{}</p>", NOT_TRACED)
        rows = [(name, f"{ms:g} ms", WORDS[name]) for name, ms in stats["figures"]]
        parts = [_table("Where the time went", ("", "time", "what"), rows)]
        if stats["waits"]:
            parts.append(_table("What it awaited", ("from", "for", "what"), stats["waits"]))
        if stats["threads"]:
            parts.append(_table("In threads", ("for", "function"), stats["threads"]))
        if stats["url"]:
            parts.append(
                format_html('<p><a href="{}" target="_blank">The whole trace</a></p>', stats["url"])
            )
        return format_html_join("", "{}", ((part,) for part in parts))


def _waits(server_span: ServerSpan) -> list[list[str]]:
    """Return the longest waits of the request itself: when, how long, for what at which line."""
    account: Account | None = getattr(server_span.span, "overlap_account", None)
    if account is None:
        return []
    longest = sorted(account.waits, key=lambda wait: -wait[1])[:MOST_ROWS]
    return [
        [f"{(since - account.began) * 1000:.1f} ms", f"{length * 1000:.1f} ms", awaited or "other"]
        for since, length, awaited in sorted(longest)
    ]


def _threads(server_span: ServerSpan) -> list[list[str]]:
    works: list[Work] = getattr(server_span.span, "overlap_request_works", [])
    done = [work for work in [*works] if work.began and work.ended]
    longest = sorted(done, key=lambda work: work.began - work.ended)[:MOST_ROWS]
    return [[f"{(each.ended - each.began) * 1000:.1f} ms", each.function] for each in longest]


def _url(server_span: ServerSpan) -> str:
    """Return the URL of the trace; empty if it is not recorded."""
    if not server_span.is_recording:
        return ""
    settings = config.load()
    base = settings.traces_public_url or settings.traces_url
    trace_id = server_span.span.get_span_context().trace_id
    return f"{base.rstrip('/')}/trace/{format_trace_id(trace_id)}"


def _table(title: str, head: tuple[str, ...], rows: Any) -> SafeString:
    return format_html(
        "<h4>{}</h4><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        title,
        format_html_join("", "<th>{}</th>", ((each,) for each in head)),
        format_html_join(
            "",
            "<tr>{}</tr>",
            ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows),
        ),
    )
