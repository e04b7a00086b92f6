"""The variants that the bench compares: name, requirements and environment of each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import MappingProxyType

from overlap.errors import OverlapError


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to serve the same views."""

    name: str
    says: str
    backend: str = ""
    """The protocol it sends to the sink: otlp, sentry, elastic, datadog; "": no telemetry."""
    peer: bool = False
    """Whether it is another product for the same purpose."""
    needs: tuple[str, ...] = ()
    """Modules beyond Overlap's own dependencies."""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """The modules it needs that are not installed."""
        return tuple(name for name in self.needs if not _is_installed(name))


_ASGI = "opentelemetry.instrumentation.asgi"
_ALL = (
    Variant("raw", "a bare ASGI function: the limit"),
    Variant("none", "stock Django, no telemetry"),
    Variant("lean", "no telemetry, lean", needs=("overlap.lean",)),
    Variant("overlap", "overlap.instrument()", "otlp", environment={"OVERLAP_LEAN": "1"}),
    Variant("overlap-not-lean", "lean off", "otlp", environment={"OVERLAP_LEAN": "0"}),
    Variant(
        "overlap-no-watch",
        "watchdog and lens off",
        "otlp",
        environment={"OVERLAP_LEAN": "1", "OVERLAP_LENS": "0"},
    ),
    Variant(
        "overlap-no-lens",
        "lens off",
        "otlp",
        environment={"OVERLAP_LEAN": "1", "OVERLAP_LENS": "0"},
    ),
    Variant(
        "overlap-no-capacity",
        "no metrics of how full loops and pools are",
        "otlp",
        environment={"OVERLAP_LEAN": "1", "OVERLAP_CAPACITY_METRICS": "0"},
    ),
    Variant(
        "overlap-whole-lens",
        "lens on each request",
        "otlp",
        environment={"OVERLAP_LEAN": "1", "OVERLAP_LENS_RATE": "inf"},
    ),
    Variant(
        "overlap-no-awaits",
        "lens on each request, without who waited for whom",
        "otlp",
        environment={"OVERLAP_LEAN": "1", "OVERLAP_LENS_RATE": "inf"},
    ),
    Variant(
        "overlap-default-no-awaits",
        "overlap.instrument() without who waited for whom",
        "otlp",
        environment={"OVERLAP_LEAN": "1"},
    ),
    Variant(
        "overlap-recorder",
        "with the flight recorder",
        "otlp",
        environment={"OVERLAP_LEAN": "1", "OVERLAP_RECORDER_DIR": "recorder"},
    ),
    # Nothing listens there: telemetry is dropped and counted, and must not slow any request.
    Variant(
        "overlap-down",
        "every backend down",
        environment={"OVERLAP_LEAN": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
    ),
    Variant("stock", "DjangoInstrumentor", "otlp", peer=True, needs=(_ASGI,)),
    Variant("stock-asgi", "OpenTelemetry's ASGI middleware", "otlp", peer=True, needs=(_ASGI,)),
    Variant("logfire", "Logfire", "otlp", peer=True, needs=("logfire",)),
    Variant("sentry", "Sentry, every trace", "sentry", peer=True, needs=("sentry_sdk",)),
    Variant(
        "elastic", "Elastic APM's ASGI middleware", "elastic", peer=True, needs=("elasticapm",)
    ),
    Variant(
        "ddtrace",
        "Datadog",
        "datadog",
        peer=True,
        needs=("ddtrace",),
        environment={
            "DD_SERVICE": "bench",
            # Its reports about itself are not part of the measurement.
            "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
            "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        },
    ),
)
VARIANTS: Mapping[str, Variant] = MappingProxyType({each.name: each for each in _ALL})
"""Every variant by name, in the order of measurement and output."""

_SETTINGS = ("OTEL_", "OVERLAP_", "BENCH_", "DD_", "SENTRY_", "ELASTIC_APM_", "LOGFIRE_", "DJANGO_")


def choose(only: str | None) -> list[Variant]:
    """Return the variants named in `only` ("a,b"), or all. Raise OverlapError if one is unknown."""
    if not only:
        return list(_ALL)
    names = dict.fromkeys(name.strip() for name in only.split(",") if name.strip())
    if unknown := [name for name in names if name not in VARIANTS]:
        raise OverlapError(f"no variant {', '.join(unknown)}; there are {', '.join(VARIANTS)}")
    return [each for each in _ALL if each.name in names]


def only_one(name: str) -> Variant:
    """Return the installed variant of that name. Raise OverlapError if there is none."""
    found = choose(name)
    if len(found) != 1:
        raise OverlapError(f"one variant at a time, not {name!r}")
    if found[0].missing:
        raise OverlapError(f"{found[0].name}: {missing_sentence(found[0])}")
    return found[0]


def environment(variant: Variant, sink_url: str, database: str) -> dict[str, str]:
    """Return the environment of a variant's server: without the caller's settings and proxies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_SETTINGS) and not name.lower().endswith("_proxy")
    }
    return {
        **kept,
        "BENCH_VARIANT": variant.name,
        "BENCH_SINK": sink_url,
        "BENCH_DB": database,
        "DJANGO_SETTINGS_MODULE": "overlap.bench.site.settings",
        "OTEL_EXPORTER_OTLP_ENDPOINT": sink_url,
        "OTEL_SERVICE_NAME": "bench",
        "DD_TRACE_AGENT_URL": sink_url,
        "PYTHONUNBUFFERED": "1",
        **variant.environment,
    }


def missing_sentence(variant: Variant) -> str:
    """Return why a variant is left out, and how to install it."""
    return f"not installed: {', '.join(variant.missing)} (make install-bench)"


def peers(names: Sequence[str]) -> list[str]:
    """Return the names of peers among `names`."""
    return [name for name in names if name in VARIANTS and VARIANTS[name].peer]


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a parent package is missing
        return False
