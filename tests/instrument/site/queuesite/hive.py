"""huey's tasks, on the Redis that SITE_REDIS names."""

import os

from huey import CancelExecution, RedisHuey
from opentelemetry import trace

import overlap

if os.environ.get("SITE_TRACED", "1") == "1":
    overlap.instrument()

huey = RedisHuey("hive", url=os.environ["SITE_REDIS"])
tracer = trace.get_tracer(__name__)


@huey.task()
def salt(grams=0, *, pepper=0):
    with tracer.start_as_current_span("shake"):
        return grams + pepper


@huey.task(retries=1)
def burn():
    raise ValueError("burnt")


@huey.task(context=True)
def known(task=None):
    return task.id


@huey.task()
def refused():
    raise AssertionError("a hook refuses it")


@huey.pre_execute()
def refuse(task):
    if task.name == "refused":
        raise CancelExecution
