"""Send encoded OTLP over HTTP, with the standard's retries and environment variables.

The SDK's exporters do the same, but encode the messages themselves, do not return why an export
failed, and have only private parts, which change with each release.
"""

from __future__ import annotations

import gzip
import os
import random
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

import requests
from opentelemetry.util.re import parse_env_headers
from urllib3.exceptions import ProtocolError

from overlap.telemetry.endpoint import Destination
from overlap.telemetry.export.answers import rejected, retry_after_s
from overlap.telemetry.export.deadline import DeadlineAdapter, end_at_deadline
from overlap.telemetry.fork import at_fork

MAX_REQUEST_SIZE = 64 * 1024 * 1024
"""In bytes, before compression: the same limit as in the SDK's exporters."""
MAX_ANSWER_SIZE = 64 * 1024
"""In bytes; what follows is not read."""
_RETRIED = frozenset({429, 502, 503, 504})
_MAX_TRIES = 6
_LATE = "no answer in time"
_HEADERS = {"Content-Type": "application/x-protobuf", "User-Agent": "overlap"}
_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}


class ExportSession(requests.Session):
    """A session for exports, which other tools do not trace.

    They wrap `requests.Session.send`: each export, some five a second, would be a trace of theirs.
    """

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request; redirects are not followed."""
        options.pop("allow_redirects", None)
        return self.get_adapter(str(request.url)).send(request, **options)


class HttpSender:
    """Sends one signal to its destination."""

    def __init__(self, to: Destination) -> None:
        self._to = to
        self._session = ExportSession()
        self._reconnect()
        if to.is_loopback:
            # Otherwise requests looks for proxies and a netrc file at each export.
            self._session.trust_env = False
        self._session.headers.update(_HEADERS | _headers(to.signal))
        self._session.verify = _setting(to.signal, "CERTIFICATE") or True
        certificate = _setting(to.signal, "CLIENT_CERTIFICATE")
        key = _setting(to.signal, "CLIENT_KEY")
        self._session.cert = (certificate, key) if certificate and key else certificate or None
        name = _setting(to.signal, "COMPRESSION").strip().lower()
        self._encode = _ENCODERS.get(name)
        if self._encode is not None:
            self._session.headers["Content-Encoding"] = name
        self.rejected: tuple[int, str] = (0, "")
        """Of the last export: how many items the backend rejected, and why."""
        self._stopped = threading.Event()
        at_fork(WeakMethod(self._reconnect))

    def send(self, data: bytes) -> str:
        """Send, and retry until the export's timeout. Return why it failed, or an empty string.

        `rejected` is what the backend did not accept of what it received.
        """
        self.rejected = 0, ""
        if self._stopped.is_set():
            return "the process is ending"
        if len(data) > MAX_REQUEST_SIZE:
            return f"one of {len(data):,} bytes is too large"
        body = data if self._encode is None else self._encode(data)
        deadline = time.monotonic() + self._to.timeout_s
        reason = ""
        for attempt in range(_MAX_TRIES):
            latest, wait_s = self._post(body, max(0.01, deadline - time.monotonic()))
            # A retry may have had too little time: then what the try before it met says more.
            if latest != _LATE or not reason:
                reason = latest
            if not reason or wait_s is None:
                break
            wait_s = max(wait_s, 2**attempt * random.uniform(0.8, 1.2))  # noqa: S311  jitter
            if wait_s > deadline - time.monotonic() or self._stopped.wait(wait_s):
                break
        return reason

    def stop(self) -> None:
        """Stop, and cancel a wait for the next retry."""
        self._stopped.set()
        self._session.close()

    def _post(self, body: bytes, timeout_s: float) -> tuple[str, float | None]:
        """Return why it failed, and after how many seconds it may be retried; None if never."""
        try:
            # A redirect would turn the export into a GET, and take its headers to another host.
            with (
                end_at_deadline(self._session, timeout_s),
                self._session.post(
                    self._to.endpoint,
                    data=body,
                    timeout=timeout_s,
                    allow_redirects=False,
                    stream=True,
                ) as answer,
            ):
                text = answer.raw.read(MAX_ANSWER_SIZE, decode_content=True)
        except (requests.ConnectionError, ProtocolError) as error:
            # ProtocolError: the connection was closed while the answer was read from `raw`.
            return _reason(error), 0.0
        except Exception as error:  # no failure of an export may reach the service
            return _reason(error), None
        if answer.status_code < 300:
            kind = answer.headers.get("content-type", "")
            count, why = rejected(self._to.signal, text, kind)
            self.rejected = count, why[:200]
            return "", None
        if answer.is_redirect:
            return f"it redirects to {answer.headers['location'][:200]!a}", None
        reason = f"it answers {answer.status_code} {answer.reason or ''}".rstrip()
        return reason, retry_after_s(answer.headers) if answer.status_code in _RETRIED else None

    def _reconnect(self) -> None:
        # In a forked process: the parent still writes to the open connection.
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, DeadlineAdapter())


def _setting(signal: str, name: str) -> str:
    return (
        os.environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_{name}")
        or os.environ.get(f"OTEL_EXPORTER_OTLP_{name}")
        or ""
    )


def _headers(signal: str) -> dict[str, str]:
    return dict(parse_env_headers(_setting(signal, "HEADERS"), liberal=True))


def _reason(error: Exception) -> str:
    text = str(error)
    if "refused" in text:
        return "nothing listens there (connection refused)"
    if "NameResolution" in text or "getaddrinfo" in text:
        return "its host name can't be resolved"
    if "timed out" in text or "Timeout" in type(error).__name__:
        return _LATE
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return "it is no URL"
    if isinstance(error, requests.exceptions.InvalidSchema):
        return "it is no URL of HTTP"
    # Of urllib3's chain the innermost says what happened, without the address once more.
    while (inner := error.__cause__ or error.__context__) and isinstance(inner, Exception):
        error = inner
    return f"{type(error).__name__}: {error}"[:300]
