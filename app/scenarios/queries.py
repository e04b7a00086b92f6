"""Scenarios: Django's ORM in async views."""

from app.scenarios.terms import CALM
from app.simulation import QUERIES, SMOKABLES
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/queries.py"
SLOW = "SELECT smokehouse_meat"
CUSTOMERS = 10

SCENARIOS = [
    Scenario(
        name="orm_gather",
        title="Three queries gathered, by the async ORM",
        why="Each of Django's async query methods runs on the request's one thread, where the "
        "connection is. Gathered or not, the three queries run one after the other.",
        requests=(Request("/queries/"),),
        expect=Expectation(
            shapes=frozenset({"serial", "offloaded"}),
            never=CALM | {"background", "concurrent"},
            stages=((SLOW,),) * QUERIES,
            offloaded=(SLOW,),
        ),
        pair="orm_at_once",
        source=SOURCE,
    ),
    Scenario(
        name="orm_at_once",
        title="Three queries at once, on three connections",
        why="Each query has its own thread, with its own connection: three at once, in the time "
        "of one. This needs three connections, and no transaction can span them.",
        requests=(Request("/queries/at_once/"),),
        expect=Expectation(
            shapes=frozenset({"concurrent", "offloaded"}),
            never=CALM | {"background"},
            stages=((SLOW,) * QUERIES,),
            peak=QUERIES,
            offloaded=(SLOW,),
        ),
        pair="orm_gather",
        source=SOURCE,
    ),
    Scenario(
        name="orm_async",
        title="Three queries at once, without threads",
        why="django-async-backend asks PostgreSQL on the event loop itself: three queries at once, "
        "in the time of one, and no thread. Each needs a connection of its own.",
        requests=(Request("/queries/async/"),),
        expect=Expectation(
            shapes=frozenset({"concurrent"}),
            never=CALM | {"background", "offloaded"},
            stages=((SLOW,) * QUERIES,),
            peak=QUERIES,
        ),
        pair="orm_gather",
        source="app/views/async_queries.py",
        server="postgresql",
    ),
    Scenario(
        name="orm_loop",
        title="A query for each row, in an async loop",
        why="One query reads the meats, and one more reads the smoker of each: seven round trips "
        "to the database. An async loop does not reduce them.",
        requests=(Request("/meats/"),),
        expect=Expectation(
            shapes=frozenset({"offloaded"}),
            never=CALM | {"background", "concurrent"},
            stages=((SLOW,), *(("SELECT smokehouse_smoker",),) * len(SMOKABLES)),
        ),
        pair="orm_select_related",
        source=SOURCE,
    ),
    Scenario(
        name="orm_select_related",
        title="One query for all rows, by select_related",
        why="The database joins the two tables: the same answer with one query and one round "
        "trip, async or not.",
        requests=(Request("/meats/select_related/"),),
        expect=Expectation(
            shapes=frozenset({"offloaded"}),
            never=CALM | {"background", "concurrent", "serial"},
            stages=((SLOW,),),
        ),
        pair="orm_loop",
        source=SOURCE,
    ),
    Scenario(
        name="menu",
        title="Views that only ask the database, async and sync, under load",
        why="Ten customers request each view at once. Either view is one query in a thread and "
        "takes as long as the other: not much of an increase, as the tutorial says, if any.",
        requests=tuple(
            Request(path) for _ in range(CUSTOMERS) for path in ("/menu/", "/menu/sync/")
        ),
        expect=Expectation(
            shapes=frozenset({"offloaded"}),
            never=CALM | {"background", "concurrent", "serial"},
            stages=((SLOW,),),
            offloaded=(SLOW,),
            times=("GET /menu/", "GET /menu/sync/", 0.5, 2.0),
        ),
        pair="smoke_some_meats",
        source=SOURCE,
    ),
]
