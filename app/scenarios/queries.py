"""Django's ORM from async views."""

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
        why="Each of Django's async query methods goes to the request's one thread, where its "
        "connection is. Gathered or not, the three queries stand in a row.",
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
        why="Each query has a thread, and in it a connection, of its own: three at once, in the "
        "time of one. It costs three connections, and no transaction holds them together.",
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
        name="orm_loop",
        title="A query for each row, in an async loop",
        why="One query for the meats, and one more for the smoker of each: seven hops to a thread "
        "and back. That the loop is async makes none of them less.",
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
        why="The database joins what belongs together: the same answer by one query and one hop, "
        "async or not.",
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
        why="Ten customers of each at once: either view is one query in a thread, and takes as "
        "long. Not much of an increase, as the tutorial says, if any.",
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
