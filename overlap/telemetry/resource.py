"""Who sends: the resource that every span, metric and log record of this process carries."""

from __future__ import annotations

import os

from opentelemetry.sdk.resources import Resource

from overlap import names

_UNNAMED = "unknown_service"


def make_resource(service_name: str | None) -> Resource:
    """Describe this process; the SDK adds a service.instance.id that is the process's own.

    `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win over `service_name`: whoever
    deploys knows better than whoever wrote the code.
    """
    resource = own_pid().merge(Resource.create())
    named = str(resource.attributes.get(names.SERVICE_NAME, _UNNAMED))
    if service_name and named.startswith(_UNNAMED):
        resource = resource.merge(Resource({names.SERVICE_NAME: service_name}))
    return resource


def own_pid() -> Resource:
    """The one thing that a forked process must say anew."""
    return Resource({names.PROCESS_PID: os.getpid()})
