"""Secrets that pass through a service are in nothing that it exports."""

import subprocess
import sys

import pytest

from overlap.telemetry.export.secrets import Secrets

SITE = """
import asyncio, logging, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

class Upstream(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if "well" in self.path else 403)
        self.send_header("content-length", "0")
        self.send_header("set-cookie", "sid=SECRET-upstream-cookie")
        self.end_headers()
    def log_message(self, *_): pass

upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=upstream.serve_forever, daemon=True).start()
UPSTREAM = f"127.0.0.1:{upstream.server_port}"
os.environ["PASSWORD_OF_SERVICE"] = "SECRET-environment"
journal = sys.argv[1]

import httpx, structlog
from django.conf import settings
settings.configure(
    DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", SECRET_KEY="SECRET-django",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    LOGGING_CONFIG=None,
)
import django
django.setup()
import overlap
overlap.instrument(service_name="shop", journal_dir=journal, blocked_threshold_s=0.1)

from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application
from django.db import connection
from django.http import HttpResponse
from django.test import AsyncClient
from django.urls import path

def rows(password):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS users (name TEXT, password TEXT)")
        cursor.execute("INSERT INTO users VALUES (%s, %s)", ["me", password])
        cursor.execute("SELECT * FROM users WHERE password = 'SECRET-literal' AND name = 'it''s'")
        cursor.execute("SELECT 4111111111111111, E'SECRET-escape' FROM users".replace("E'", "'"))

async def failing(secret):
    raise ValueError("a task")

async def home(request):
    logging.getLogger().setLevel(logging.INFO)
    url = f"http://me:SECRET-password@{UPSTREAM}/well?token=SECRET-token&x=1&api_key=SECRET-key"
    headers = {"authorization": "Bearer SECRET-bearer", "cookie": "sid=SECRET-sent-cookie"}
    async with httpx.AsyncClient(headers=headers) as client:
        await client.get(url)
        await client.post(url.replace("/well", "/ill"), json={"card": "SECRET-body"})
        try:
            (await client.get(f"http://{UPSTREAM}/ill?access_token=SECRET-refused")).raise_for_status()
        except httpx.HTTPStatusError:
            structlog.get_logger().exception("refused", url=f"{url}&sig=SECRET-signature")
        try:
            await client.get("http://me:SECRET-unreachable@127.0.0.1:9/?password=SECRET-unreached")
        except httpx.ConnectError:
            logging.getLogger("shop").exception("gone: %s", url)
    await sync_to_async(rows)("SECRET-parameter")
    overlap.spawn(failing("SECRET-argument"), name="failing")
    local = "SECRET-local"
    time.sleep(0.3)
    await asyncio.sleep(0.3)
    return HttpResponse("SECRET-response " + local)

async def boom(request):
    raise RuntimeError("no such card: SECRET-message")

urlpatterns = [path("", home), path("boom/", boom)]
application = get_asgi_application()

async def main():
    client = AsyncClient(raise_request_exception=False)
    client.cookies["sessionid"] = "SECRET-cookie"
    for place in ("/", "/boom/"):
        await client.post(
            place, {"password": "SECRET-form"}, query_params={"token": "SECRET-query", "page": "2"},
            headers={"authorization": "Basic SECRET-basic", "x-api-key": "SECRET-header",
                     "baggage": "user=SECRET-baggage", "referer": "http://x/?token=SECRET-referer"})
    found = b"".join(file.read_bytes() for file in Path(journal).iterdir())
    assert b"SECRET" not in found

asyncio.run(main())
overlap.shutdown()
"""


def export_of(site, folder, **env):
    """Run a site in a process; return what it exported as text, and the names of its spans."""
    from tests.instrument.conftest import Sink, _environment

    sink = Sink()
    found = subprocess.run(
        [sys.executable, "-c", site, folder / "journal"],
        env=_environment(sink.url) | env,
        capture_output=True,
        text=True,
        check=False,
    )
    messages = [str(message) for path in sink._messages for message in sink._messages[path]]
    names = sink.names()
    sink.close()
    assert found.returncode == 0, found.stdout + found.stderr
    return "\n".join(messages), names


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A function that runs the site, and returns what it exported: spans, logs, metrics."""
    return lambda **env: export_of(SITE, tmp_path_factory.mktemp("secrets"), **env)


def secrets_in(text):
    return sorted({word.split('"')[0].split("\\")[0] for word in text.split() if "SECRET" in word})


def test_no_secret_is_exported(exported):
    """URLs, headers, cookies, bodies, parameters and literals of SQL, locals, the environment.

    But for messages of exceptions: those are what a trace is read for, and have a setting.
    """
    text, names = exported()
    assert names["POST /"] == 1
    assert names["event_loop.blocked"] >= 1, names
    assert "REDACTED" in text
    assert "page=2" in text
    assert "x=1" in text
    text = text.replace("no such card: SECRET-message", "")
    assert secrets_in(text) == []


def test_messages_of_exceptions_can_stay_out(exported):
    """Neither the message, nor the stack's last line, nor the status says it; the type is there."""
    text, _ = exported(OVERLAP_EXCEPTION_MESSAGES="0")
    assert secrets_in(text) == []
    assert "RuntimeError" in text
    assert "in boom" in text


def test_further_parameters_can_be_named(exported):
    """All of them by a star."""
    text, _ = exported(OVERLAP_REDACT_QUERY="*")
    assert "page=2" not in text
    assert "page=REDACTED" in text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h/p?page=2&sort=up", "http://h/p?page=2&sort=up"),
        ("https://me:pw@h:1/p?x=1#f", "https://REDACTED:REDACTED@h:1/p?x=1#f"),
        ("https://me@h/", "https://REDACTED:REDACTED@h/"),
        ("https://me:p@w@h/", "https://REDACTED:REDACTED@h/"),
        ("postgres://u:p@db/x", "postgres://REDACTED:REDACTED@db/x"),
        ("http://h/?X-Amz-Signature=abc&sig=d", "http://h/?X-Amz-Signature=REDACTED&sig=REDACTED"),
        ("http://h/?AWSAccessKeyId=a;Token=b", "http://h/?AWSAccessKeyId=REDACTED;Token=REDACTED"),
        (
            "get 'http://a/?pwd=1' and http://b/?otp=2",
            "get 'http://a/?pwd=REDACTED' and http://b/?otp=REDACTED",
        ),
        ("http://h/@me/?design=1&monkey=2", "http://h/@me/?design=1&monkey=2"),
        ("mail me@h.example", "mail me@h.example"),
    ],
)
def test_urls_within_any_text(url, shown):
    """Credentials and the values of parameters whose names promise a secret; the rest stays."""
    assert Secrets().text(url) == shown
    assert Secrets().text(shown) == shown


def test_a_query_string_of_its_own():
    """`url.query` and `http.target` have no scheme to be known by; other attributes are left."""
    assert Secrets().without("url.query", "token=a&page=2") == "token=REDACTED&page=2"
    assert Secrets().without("http.target", "/p?code=a") == "/p?code=REDACTED"
    assert Secrets().without("note", "token=a") == "token=a"


def test_a_stack_without_messages_keeps_frames_and_types():
    """Also of causes, and of messages with several lines; a line of source may hold a message."""
    stack = (
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g("secret")\n'
        "app.Odd: secret\nsecret too\n\nThe above exception was the direct cause of the following "
        'exception:\n\nTraceback (most recent call last):\n  File "b.py", line 2, in g\n'
        "KeyError: 'secret'\n"
    )
    shown = Secrets(messages=False).without("exception.stacktrace", stack)
    assert "secret" not in shown
    for kept in ("app.Odd", "KeyError", 'File "a.py", line 1, in f', 'File "b.py"'):
        assert kept in shown
