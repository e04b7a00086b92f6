"""dramatiq's actors, on the Redis that SITE_REDIS names."""

import asyncio
import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO
from opentelemetry import trace

import overlap

if os.environ.get("SITE_TRACED", "1") == "1":
    overlap.instrument()

broker = RedisBroker(url=os.environ["SITE_REDIS"])
broker.add_middleware(AsyncIO())
dramatiq.set_broker(broker)
tracer = trace.get_tracer(__name__)


@dramatiq.actor
def salt(grams):
    with tracer.start_as_current_span("shake"):
        pass


@dramatiq.actor
async def rest(seconds):
    with tracer.start_as_current_span("sit"):
        await asyncio.sleep(seconds)


@dramatiq.actor(max_retries=1, min_backoff=10, max_backoff=10)
def burn():
    raise ValueError("burnt")


@dramatiq.actor(max_age=1)
def stale():
    raise AssertionError("too old to run")
