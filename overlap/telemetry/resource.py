"""The resource: what every span, metric and log record says of the process that sends it."""

from __future__ import annotations

import os
from typing import Any
from uuid import uuid4

from opentelemetry.sdk.resources import Resource

from overlap import names

_UNNAMED = "unknown_service"
_SDK_NAMES_INSTANCES = names.SERVICE_INSTANCE_ID in Resource.create().attributes
"""Whether the SDK adds a service.instance.id, also in a forked process; older ones do not."""


def make_resource(service_name: str | None) -> Resource:
    """Describe this process; the SDK adds a service.instance.id that is the process's own.

    `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` take precedence over
    `service_name`: a deployment can override the code.
    """
    resource = own_process().merge(Resource.create())
    if service_name and not is_named(resource):
        resource = resource.merge(Resource({names.SERVICE_NAME: service_name}))
    return resource


def own_process() -> Resource:
    """Return what is another in each forked process."""
    attributes: dict[str, str | int] = {names.PROCESS_PID: os.getpid()}
    if not _SDK_NAMES_INSTANCES:
        attributes[names.SERVICE_INSTANCE_ID] = str(uuid4())
    return Resource(attributes)


def add_to_resource(provider: Any, resource: Resource) -> None:
    """Add attributes to the resource of a provider of the SDK, and of what it has made."""
    if hasattr(provider, "_update_resource"):
        provider._update_resource(resource)
        return
    # Before it was added to the SDK (1.44).
    made = [
        *getattr(provider, "quick_tracers", ()),
        *getattr(provider, "_logger_cache", {}).values(),
    ]
    for holder in (provider, getattr(provider, "_sdk_config", None), *made):
        for name in ("_resource", "resource"):
            before = getattr(holder, "__dict__", {}).get(name)
            if isinstance(before, Resource):
                # A frozen dataclass is one of them.
                object.__setattr__(holder, name, before.merge(resource))


def is_named(resource: Resource) -> bool:
    """Return whether the resource names its service."""
    return not str(resource.attributes.get(names.SERVICE_NAME, _UNNAMED)).startswith(_UNNAMED)


class MergedResources:
    """The project's resources, each with what only ours says: its own attributes win."""

    def __init__(self, ours: Resource) -> None:
        self._ours = ours
        self._merged: dict[int, tuple[Resource, Resource]] = {}

    def of(self, resource: Resource) -> Resource:
        """Return a resource of the project's, merged."""
        found = self._merged.get(id(resource))
        if found is None or found[0] is not resource:
            ours = self._ours.attributes
            merged = Resource({**ours, **resource.attributes}, resource.schema_url)
            if not is_named(resource):
                merged = merged.merge(Resource({names.SERVICE_NAME: ours[names.SERVICE_NAME]}))
            found = self._merged[id(resource)] = (resource, merged)
        return found[1]

    def after_fork(self, own: Resource) -> None:
        """Say what is another in this process."""
        self._ours = self._ours.merge(own)
        self._merged.clear()
