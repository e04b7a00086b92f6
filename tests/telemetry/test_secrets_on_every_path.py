"""Secrets that pass through sockets, queues, commands, logs and metrics are in no export."""

import pytest

from tests.telemetry.test_secrets import export_of, secrets_in

SITE = """
import asyncio, logging, os, sys
import django
from django.conf import settings

PACKAGE = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
settings.configure(
    DEBUG=False, SECRET_KEY="SECRET-django", LOGGING_CONFIG=None, ROOT_URLCONF="__main__",
    INSTALLED_APPS=[] if django.VERSION >= (6, 0) else [PACKAGE],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    TASKS={"default": {"BACKEND": f"{PACKAGE}.backends.immediate.ImmediateBackend"}},
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
)
django.setup()
import overlap
overlap.instrument(service_name="shop", journal_dir=sys.argv[1], log_format="json")
urlpatterns = []

import structlog
from asgiref.testing import ApplicationCommunicator
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.core import mail
from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError
from opentelemetry import metrics, trace

tracer, log = trace.get_tracer("t"), structlog.get_logger("shop")
URL = "http://me:SECRET-password@host/p?token=SECRET-token&page=2"


class Till(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        overlap.spawn(failing("SECRET-argument"), name="failing")
        await asyncio.sleep(0.05)
        await self.send(text_data="SECRET-sent")
        raise RuntimeError("SECRET-message of a socket")


async def failing(secret):
    raise ValueError("SECRET-message of a task")


async def socket():
    scope = {
        "type": "websocket", "path": "/till/", "raw_path": b"/till/", "scheme": "ws",
        "query_string": b"token=SECRET-query", "subprotocols": ["SECRET-subprotocol"],
        "headers": [(b"cookie", b"sessionid=SECRET-cookie"), (b"authorization", b"Bearer SECRET-b"),
                    (b"sec-websocket-protocol", b"SECRET-subprotocol")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }
    socket = ApplicationCommunicator(ProtocolTypeRouter({"websocket": Till.as_asgi()}), scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output())["type"] == "websocket.accept"
    await socket.send_input({"type": "websocket.receive", "text": "SECRET-received"})
    await socket.receive_output()
    try:
        await socket.wait()
    except RuntimeError:
        pass
    else:
        raise AssertionError


def queues():
    if django.VERSION >= (6, 0):
        from django.tasks import task
    else:
        from django_tasks import task
    import builtins
    module = sys.modules["__main__"]

    def charge(card):
        raise ValueError("SECRET-message of django's task")

    charge.__qualname__ = "charge"
    module.charge = charge
    module.charge = task(charge)
    module.charge.enqueue("SECRET-argument of django's task")

    from huey import MemoryHuey
    huey = MemoryHuey(immediate=True)

    @huey.task()
    def pay(card, pin=None):
        raise ValueError("SECRET-message of huey")

    pay("SECRET-argument of huey", pin="SECRET-pin")

    import dramatiq
    from dramatiq.brokers.stub import StubBroker
    broker = StubBroker()
    dramatiq.set_broker(broker)

    @dramatiq.actor(max_retries=0)
    def ship(address):
        raise ValueError("SECRET-message of dramatiq")

    ship.send("SECRET-argument of dramatiq")
    worker = dramatiq.Worker(broker, worker_timeout=50)
    worker.start()
    try:
        broker.join("default", fail_fast=False, timeout=20_000)
        worker.join()
    finally:
        worker.stop()

    from celery import Celery
    from celery.contrib.testing.worker import start_worker
    app = Celery("t", broker="memory://", backend="cache+memory://")

    @app.task(name="refund")
    def refund(card, pin=None):
        raise ValueError("SECRET-message of celery")

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=20):
        sent = refund.apply_async(("SECRET-argument of celery",), {"pin": "SECRET-pin"})
        sent.get(timeout=20, propagate=False)


class Command(BaseCommand):
    __module__ = "shop.management.commands.bill"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--password")

    def handle(self, password, **_):
        raise CommandError("SECRET-message of a command")


def command():
    try:
        Command().run_from_argv(["manage.py", "bill", "--password=SECRET-option"])
    except SystemExit:
        pass


def logs():
    log.info("paid", url=URL, body={"url": URL}, many=[URL, URL], bound=f"see {URL} there")
    logging.getLogger("shop").warning("paid at %s", URL)
    structlog.contextvars.bind_contextvars(place=URL)
    log.warning(f"refused at {URL}")
    structlog.contextvars.clear_contextvars()


def framework():
    cache.set("basket", "SECRET-cached")
    cache.get("basket")
    mail.send_mail("SECRET-subject", "SECRET-body", "SECRET-from@x", ["SECRET-to@x"])


def measures():
    meter = metrics.get_meter("t")
    counter = meter.create_counter("calls")
    histogram = meter.create_histogram("took")
    with tracer.start_as_current_span("measured"):
        counter.add(1, {"url": URL})
        histogram.record(0.5, {"url": URL, "targets": (URL,)})


def spans():
    with tracer.start_as_current_span(f"GET {URL}", attributes={"many": (URL,)}) as span:
        span.add_event(f"sent to {URL}", {"url": URL})
        span.set_status(trace.StatusCode.ERROR, f"refused by {URL}")
        link = trace.Link(span.get_span_context(), {"url": URL})
    tracer.start_span("linked", links=[link]).end()


asyncio.run(socket())
for each in (queues, command, logs, framework, measures, spans):
    each()
overlap.shutdown()
"""
RUNS = {
    "WEBSOCKET Till", "receive Till", "failing", "run __main__.charge", "run __main__.pay",
    "run ship", "run/refund", "manage.py bill", "measured", "linked",
}  # fmt: skip


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A function that runs the site, and returns what it exported."""
    return lambda **env: export_of(SITE, tmp_path_factory.mktemp("secrets"), **env)


def test_no_secret_is_exported_on_any_path(exported):
    """WebSockets, four queues, commands, structlog, logging, metrics and their exemplars, links.

    But for messages of exceptions, which have a setting.
    """
    text, names = exported()
    assert names.keys() >= RUNS
    assert "page=2" in text
    assert "exemplars" in text
    assert secrets_in(text.replace("SECRET-message", "a message")) == []


def test_no_message_of_an_exception_is_exported_on_any_path(exported):
    """Of a socket, a background task, four queues and a command."""
    text, names = exported(OVERLAP_EXCEPTION_MESSAGES="0")
    assert names.keys() >= RUNS
    assert secrets_in(text) == []
    assert text.count("REDACTED") > 10
