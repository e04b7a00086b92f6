"""Addresses at which nobody listens, and answers as Prometheus and Loki give them."""

from __future__ import annotations

import socket
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def dead_url():
    """An address at which nothing listens."""
    return f"http://127.0.0.1:{free_port()}"


def result(found):
    return {"status": "success", "data": {"result": found}}


def exemplars(*trace_ids):
    """As Prometheus tells them."""
    found = [
        {"labels": {"trace_id": each, "span_id": "51939dad4eb5a96a"}, "timestamp": time.time()}
        for each in trace_ids
    ]
    return {"status": "success", "data": [{"seriesLabels": {}, "exemplars": found}]}
