"""rq's jobs, and the settings of its worker (`rq worker -c queuesite.jobs`)."""

import asyncio
import os
import signal

from opentelemetry import trace
from redis import Redis
from rq import Queue

import overlap

if os.environ.get("SITE_TRACED", "1") == "1":
    overlap.instrument()

REDIS_URL = os.environ["SITE_REDIS"]
QUEUES = ["kitchen"]
queue = Queue("kitchen", connection=Redis.from_url(REDIS_URL))
tracer = trace.get_tracer(__name__)


def salt(grams=0, *, pepper=0):
    """Work."""
    with tracer.start_as_current_span("shake"):
        return grams + pepper


async def rest(seconds):
    """Wait on an event loop."""
    with tracer.start_as_current_span("sit"):
        await asyncio.sleep(seconds)


def burn():
    """Fail."""
    raise ValueError("burnt")


def fall():
    """End the work horse as the kernel does that has no memory left."""
    os.kill(os.getpid(), signal.SIGKILL)
