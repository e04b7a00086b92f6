"""One small request to a loopback address, which ignores any proxy settings."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit


def fetch(url: str, *, method: str = "GET", timeout_s: float = 30.0) -> bytes:
    """Return the body at `url`. Raise OSError if there is no answer or it is not 2xx."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout_s)
    try:
        connection.request(method, parts.path or "/")
        answer = connection.getresponse()
        body = answer.read()
    except HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from None
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise OSError(f"{url} answers {answer.status}")
    return body
