"""Pocket's pages of a hostile trace: 200, printable, and nothing in them runs."""

import json
import secrets
from functools import cache
from types import SimpleNamespace

from overlap.pocket.survey import live_survey
from overlap.pocket.survey.live_survey import LiveSurvey
from tests.fuzz.printable import assert_harmless
from tests.fuzz.targets.asgi import ask, run
from tests.fuzz.targets.ingest import _LOGS, _METRICS
from tests.fuzz.targets.pocket import pocket, post
from tests.fuzz.targets.samples import otlp

_ID = b"0af7651916cd43dd8448eb211c80319c"
_PARTS = ("traces", "logs", "metrics")


def seeds() -> list[bytes]:
    both = {"traces": otlp(), "logs": _LOGS, "metrics": _METRICS}
    return [json.dumps(both).encode(), json.dumps({"traces": otlp()}).encode()]


@cache
def _pocket() -> SimpleNamespace:
    return pocket(max_spans=60)


def check(data: bytes) -> None:
    try:
        bodies = json.loads(data)
        parts = [(part, json.dumps(bodies[part]).encode()) for part in _PARTS if part in bodies]
    except (ValueError, TypeError, RecursionError):
        return
    made, trace_id = _pocket(), secrets.token_hex(16).encode()
    for part, body in parts:
        assert post(made.app, body.replace(_ID, trace_id), f"/v1/{part}").status in (200, 400)
    run(_survey(made.contents.survey))
    ids = [stored.id for stored in made.store.newest_first()][:2]
    for path in (
        "/",
        "/traces",
        "/routes",
        "/ledger",
        "/metrics",
        *(f"/trace/{each}" for each in ids),
    ):
        _show(made.app, path)
    for each in ids:
        _show(made.app, f"/compare/{ids[0]}/{each}")
        _show(made.app, f"/trace/{each}", b"q=smoke")
        _show(made.app, f"/trace/{each}/file")
        _show(made.app, f"/trace/{each}", b"open=0000000000000001")
        api = ask(made.app, f"/api/v3/traces/{each}")
        assert api.status == 200
        json.loads(api.body)
    for path in ("/api/v3/services", "/api/v3/operations"):
        assert ask(made.app, path).status == 200


async def _survey(survey: LiveSurvey) -> None:
    """Survey what has arrived at once, and not when it is calm."""
    live_survey.CALM_S = live_survey.AGAIN_S = 0.0
    while await survey._survey_batch():
        pass


def _show(app: object, path: str, query: bytes = b"") -> None:
    answer = ask(app, path, query=query)
    assert answer.status == 200, (path, query, answer.status)
    assert_harmless(answer.body.decode())
