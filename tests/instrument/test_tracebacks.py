"""Tracebacks of a project's exceptions are those of the project without us."""

from __future__ import annotations

SCRIPT = """
import asyncio, django, io, sys, traceback, types, overlap
from django.conf import settings
settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
settings.PASSWORD_HASHERS = ["here.Hasher"]
if django.VERSION >= (6, 1):
    settings.MAILERS = {"default": {"BACKEND": "here.Mail"}}
else:
    settings.EMAIL_BACKEND = "here.Mail"
settings.CACHES = {"default": {"BACKEND": "here.Cache"}}
overlap.instrument()
import httpx
from django.contrib.auth.hashers import BasePasswordHasher, make_password
from django.core.asgi import get_asgi_application
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.mail import send_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import BaseCommand, call_command
from django.db import OperationalError, connection, connections
from django.template import engines
from opentelemetry.trace import get_tracer

class Broken(Exception): pass

def broken(*_, **__):
    raise Broken

class Hasher(BasePasswordHasher):
    algorithm, encode = "broken", broken
class Mail(BaseEmailBackend):
    send_messages = broken
class Cache(BaseCache):
    def __init__(self, *_): super().__init__({})
    get = broken
class Command(BaseCommand):
    handle = broken
class Item:
    name = property(broken)
sys.modules["here"] = types.SimpleNamespace(Hasher=Hasher, Mail=Mail, Cache=Cache)

get_asgi_application()

def query(): connection.cursor().execute("SELECT nothing")
def connect():
    other = connections.create_connection("default")
    other.get_new_connection = broken
    other.connect()
def command():
    it = Command()
    it._called_from_command_line = True
    it.execute(no_color=True, force_color=False, skip_checks=True)
def render(): engines["django"].from_string("{{ item.name }}").render({"item": Item()})
async def request():
    async with httpx.AsyncClient() as client:
        await client.get("http://127.0.0.1:9/")
def sync_request(): httpx.get("http://127.0.0.1:9/")

CALLS = [
    query, connect, command, render, sync_request, request,
    lambda: make_password("x"), lambda: cache.get("x"), lambda: cache.aget("x"),
    lambda: send_mail("a", "b", "c@d.example", ["e@f.example"]),
]

async def main():
    for is_traced in (True, False):
        for call in CALLS:
            span = get_tracer("t").start_as_current_span("a request") if is_traced else io.BytesIO()
            with span:
                try:
                    found = call()
                    if found is not None:
                        await found
                except (Broken, OperationalError, httpx.ConnectError) as error:
                    entries = traceback.extract_tb(error.__traceback__)
                else:
                    raise AssertionError("it did not fail")
            ours = [each for each in entries if OWN in each.filename]
            assert not ours, (call, is_traced, ours)

OWN = overlap.__file__.removesuffix("__init__.py")
asyncio.run(main())
overlap.shutdown()
"""


def test_no_frame_of_ours_is_in_a_traceback(own_sink, run):
    """Whatever we wrap, with a current span and without one."""
    run(SCRIPT, own_sink.url, DJANGO_ALLOW_ASYNC_UNSAFE="1")
