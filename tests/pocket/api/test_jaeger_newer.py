"""What Jaeger 2.20 reads beyond 2.13: camelCase names, and attributes."""

import httpx
import pytest

ALWAYS = {
    "query.startTimeMin": "2000-01-01T00:00:00Z",
    "query.startTimeMax": "2100-01-01T00:00:00Z",
    "query.serviceName": "newer",
}


@pytest.fixture(scope="module")
def cart(pocket) -> str:
    return f"{pocket.page}/api/v3/traces"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, 1),
        ({"query.operationName": "pay"}, 1),
        ({"query.operationName": "steal"}, 0),
        ({"query.searchDepth": "1"}, 1),
        ({"query.attributes": '{"customer": "7", "vip": "true"}'}, 1),
        ({"query.attributes": '{"customer": "8"}'}, 0),
        ({"query.attributes": '{"error": "true"}'}, 0),
        ({"query.durationMin": "10ms"}, 1),
    ],
)
def test_camel_case_and_attributes(pocket, cart, helpers, changes, found):
    """One span has to fit in every respect."""
    attributes = [
        {"key": "customer", "value": {"intValue": "7"}},
        {"key": "vip", "value": {"boolValue": True}},
    ]
    pocket.send(helpers.span("pay", traceId="ab" * 16, attributes=attributes), service="newer")
    answer = httpx.get(cart, params=ALWAYS | changes)
    assert answer.status_code == (200 if found else 404)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("query.attributes", "customer=7"),
        ("query.attributes", '{"customer": 7}'),
        ("query.attributes", "[" * 5000),
        ("query.searchDepth", "0"),
        ("query.startTimeMin", "x"),
        ("query.durationMax", "9" * 400 + "h"),
    ],
)
def test_what_cannot_be_read_is_named(cart, name, value):
    """400, with the parameter's name as it was given."""
    answer = httpx.get(cart, params=ALWAYS | {name: value})
    assert answer.status_code == 400
    assert name in answer.json()["error"]["message"]
