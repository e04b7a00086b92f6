"""The environment variables of the files in otel/scale; their defaults are compose's names."""

from __future__ import annotations

from pathlib import Path

from otel.native.scale.places import APPS, GATEWAYS, HOSTS, SAMPLERS, ScalePorts
from otel.native.servers import CONFIGURATION
from otel.native.supervisor import HOST


def variables(name: str, folder: Path, ports: ScalePorts) -> dict[str, str]:
    """Return what a server's environment has beside the process's own."""
    found = {
        "BIND_HOST": HOST,
        "KAFKA": f"{HOST}:{ports.kafka}",
        "CASSANDRA": f"{HOST}:{ports.cassandra}",
        "PROMETHEUS_HOST": f"{HOST}:{ports.prometheus}",
        "JAEGER_OTLP": f"{HOST}:{ports.jaeger_otlp}",
    }
    if name in (*GATEWAYS, *SAMPLERS):
        found |= _collector(name, folder, ports)
    elif name in (*APPS, "httpbin"):
        found |= _app(name, folder, ports)
    elif name == "jaeger":
        found |= _jaeger(ports)
    elif name == "proxy":
        found |= {
            "PROXY_PORT": str(ports.proxy),
            "OTLP_PORT": str(ports.otlp),
            "APPS": " ".join(f"{host}:{ports.app}" for host in HOSTS),
            "GATEWAYS": f"{HOST}:{ports.gateway_1} {HOST}:{ports.gateway_2}",
            "XDG_DATA_HOME": str(folder / "proxy"),
            "XDG_CONFIG_HOME": str(folder / "proxy"),
        }
    return found


def _collector(name: str, folder: Path, ports: ScalePorts) -> dict[str, str]:
    found = {
        "COLLECTOR_NAME": name,
        "COLLECTOR_DATA": f"{folder}/{name}",
        "COLLECTOR_HEALTH_PORT": str(ports.of(f"{name}_health")),
        "COLLECTOR_METRICS_PORT": str(ports.of(f"{name}_metrics")),
    }
    if name in GATEWAYS:
        # There is no Loki here.
        return found | {"OTLP_HTTP_PORT": str(ports.of(name)), "GATEWAY_LOGS": "[nop]"}
    found["SAMPLER_GROUP"] = f"samplers-{name[-1]}"
    return found if name == SAMPLERS[0] else found | {"SAMPLER_METRICS": "[nop]"}


def _jaeger(ports: ScalePorts) -> dict[str, str]:
    return {
        "JAEGER_OTLP_PORT": str(ports.jaeger_otlp),
        "JAEGER_PORT": str(ports.jaeger),
        "JAEGER_GRPC_PORT": str(ports.jaeger_grpc),
        "JAEGER_HEALTH_PORT": str(ports.jaeger_health),
        "JAEGER_METRICS_PORT": str(ports.jaeger_metrics),
        "JAEGER_UI_CONFIG": f"{CONFIGURATION}/jaeger-ui.json",
        "OTEL_TRACES_SAMPLER": "always_off",  # else it traces itself
    }


def _app(name: str, folder: Path, ports: ScalePorts) -> dict[str, str]:
    return {
        "PYTHONPATH": str(CONFIGURATION.parent),
        "OTEL_SERVICE_NAME": "httpbin" if name == "httpbin" else "smokehouse",
        "OTEL_RESOURCE_ATTRIBUTES": f"host.name={name}",
        "OTEL_EXPORTER_OTLP_ENDPOINT": ports.url("otlp"),
        "OTEL_METRIC_EXPORT_INTERVAL": "5000",
        "OVERLAP_LOG_FORMAT": "json",
        "SMOKEHOUSE_DATA_DIR": str(folder / name),
        "SMOKEHOUSE_UPSTREAM_URL": f"{ports.url('httpbin')}/",
        "ALLOWED_HOSTS": ",".join((HOST, *HOSTS)),
        "DEBUG": "0",
    }
