"""The same on PostgreSQL: without and with an age, with health checks, with psycopg's pool."""

import pytest

pytestmark = pytest.mark.postgresql

AT_REST = {
    "language": "en-us",
    "zone": "America/Chicago",
    "urlconf": "leansite.urls",
    "variable": "unset",
    "atomic": False,
    "autocommit": True,
    "queries": 0,
    "wrappers": 0,
}
OUTCOMES = {
    "after_atomic": AT_REST | {"first": 200, "meats": 0},
    "after_crash_in_atomic": AT_REST | {"first": 500, "meats": 0},
    "after_manual": AT_REST | {"first": 200, "meats": 0},
    "after_create_and_crash": AT_REST | {"first": 500, "meats": 1},
    "disconnect_in_transaction": {
        "apart": True,
        "ended_early": False,
        "happened": ["committed"],
        "meats": [1, 1, 1],
        "atomic": [False, False, False],
    },
    "disconnect_in_left_transaction": {
        "apart": True,
        "ended_early": False,
        "happened": [],
        "meats": [0, 0, 0],
        "atomic": [False, False, False],
    },
    "background_after_response": {"happened": [1], "meats": 1},
    "background_holds_thread": {"apart": True, "happened": ["done"], "meats": 1},
}
SETTINGS = {
    "age 0": {"age": 0},
    "age 60": {"age": 60},
    "age None": {"age": None},
    "pool": {"pool": 4},
}

modes = pytest.mark.parametrize("lean", [True, False], ids=["lean", "stock"])


BOTH = [(True, setting) for setting in SETTINGS] + [(False, "age 0"), (False, "pool")]
"""Stock Django has no use for an age under ASGI: two settings show what it does."""


@pytest.mark.parametrize(
    ("lean", "setting"), BOTH, ids=[f"{'lean' if b[0] else 'stock'} {b[1]}" for b in BOTH]
)
@pytest.mark.parametrize("scenario", OUTCOMES)
def test_comes_out_as_in_stock_django(on_postgresql, scenario, lean, setting):
    """Transactions, cancelled requests and late work: the same lean and stock."""
    assert on_postgresql(lean, **SETTINGS[setting]).play(scenario) == OUTCOMES[scenario]


@modes
def test_session_ends_with_its_request_without_age(on_postgresql, lean):
    """With CONN_MAX_AGE=0 the server has no session left once the requests are over."""
    outcome = on_postgresql(lean, age=0).play("pg_connections_in_turn")
    assert outcome == {"made": 6, "open": 0, "meats": 6}


@pytest.mark.parametrize("age", [60, None])
def test_session_is_kept_with_an_age(on_postgresql, age):
    """With CONN_MAX_AGE requests in turn share one session, which stock Django can't."""
    stage = on_postgresql(True, age=age, health_checks=True)
    assert stage.play("pg_connections_in_turn") == {"made": 1, "open": 1, "meats": 6}


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_session_is_left_in_a_transaction(on_postgresql, setting):
    """However a transaction was left open, the server sees none idle in it afterwards."""
    outcome = on_postgresql(True, **SETTINGS[setting]).play("pg_nothing_left_in_transaction")
    assert outcome == {"idle in transaction": 0}


@modes
def test_session_lost_while_idle_is_noticed_with_health_checks(on_postgresql, lean):
    """The server ended the session between two requests: with health checks nobody sees it."""
    stage = on_postgresql(lean, age=None, health_checks=True)
    assert stage.play("pg_terminated_while_idle") == {"statuses": [200, 200, 200]}


def test_session_lost_while_idle_costs_one_request_without(on_postgresql):
    """Without health checks one request fails, as under WSGI, and its connection is dropped."""
    outcome = on_postgresql(True, age=None).play("pg_terminated_while_idle")
    assert outcome == {"statuses": [500, 200, 200]}


@modes
def test_pool_has_every_connection_back(on_postgresql, lean):
    """With psycopg's pool of five, crashes and cancels lose none, and twenty at once are served."""
    # Of its own: what outlives its request keeps its connection until it is collected, as in stock.
    outcome = on_postgresql(lean, pool=5).play("pg_pool_is_whole")
    assert outcome == {"statuses": [200], "waiting": 0, "idle in transaction": 0}


def test_sessions_of_background_work_end_with_it(on_postgresql):
    """A task that uses the ORM after the response leaves no session to the collector."""
    assert on_postgresql(True, apart=True).play("background_connections") == {"open": 0}
