"""Tasks of Django's own framework, or of its backport."""

import asyncio

import django
from opentelemetry import trace

if django.VERSION >= (6, 0):
    from django.tasks import task
else:
    from django_tasks import task

tracer = trace.get_tracer(__name__)


@task
def salt(grams):
    with tracer.start_as_current_span("shake"):
        return grams


@task
async def rest(seconds):
    with tracer.start_as_current_span("sit"):
        await asyncio.sleep(seconds)


@task
def burn():
    raise ValueError("burnt")


@task(takes_context=True)
def twice(context):
    return context.attempt
