"""Scenarios for the tutorial's third question: Celery beside async views, and both together."""

from app.scenarios.terms import CALM
from app.simulation import KILLED_AFTER
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/durable.py"
TANDEM = "app/views/tandem.py"
HTTP_CALL = "app.tasks.http_call"
INSERT = "INSERT smokehouse_booking"


def run(task: str) -> str:
    """Return the name of the span of a task's run."""
    return f"run/app.tasks.{task}"


SCENARIOS = [
    Scenario(
        name="durable",
        title="The same work, handed to Celery",
        why="The view sends a message to a queue and answers. A worker, another process, receives "
        "it and counts; the trace goes on there, whatever happens to the process that sent it.",
        requests=(Request("/durable/"),),
        expect=Expectation(
            shapes=frozenset({"background"}),
            never=CALM | {"concurrent"},
            background=(run("http_call"),),
            handed=((HTTP_CALL, "done", 1),),
        ),
        pair="async",
        source=SOURCE,
        wait_for={run("http_call"): 1},
    ),
    Scenario(
        name="durable_killed",
        title="Both kinds of work, and the process is killed",
        why="kill -9 at the third number. The spawned task is lost with its process, and the next "
        "process reports it by name; the task that Celery received is counted to its end.",
        requests=(
            Request("/durable/both/"),
            Request("/kill/", at=KILLED_AFTER, method="POST", ends_app=True),
        ),
        expect=Expectation(
            shapes=frozenset({"background", "lost"}),
            never=frozenset({"blocking"}),
            lost=("http_call_async",),
            handed=((HTTP_CALL, "done", 1),),
        ),
        pair="durable",
        source=SOURCE,
        wait_for={run("http_call"): 1},
    ),
    Scenario(
        name="task_retried",
        title="A task that is retried until it succeeds",
        why="A third party answers 503 twice. Each attempt is a run with its own span, which says "
        "why there is another; no request waits, so the pauses may be long.",
        requests=(Request("/tasks/retried/"),),
        expect=Expectation(
            shapes=frozenset({"background"}),
            never=CALM | {"concurrent"},
            handed=(("app.tasks.season", "done", 3),),
        ),
        pair="api_unwell",
        source=SOURCE,
        wait_for={run("season"): 3},
    ),
    Scenario(
        name="task_failed",
        title="A task that fails after the response",
        why="The response was sent long before, with status 200. The failure and its exception "
        "are on the task's own span, and in no response.",
        requests=(Request("/tasks/failed/"),),
        expect=Expectation(
            shapes=frozenset({"background"}),
            never=CALM | {"concurrent"},
            background=(run("set_fire"),),
            handed=(("app.tasks.set_fire", "failed", 1),),
        ),
        pair="durable",
        source=SOURCE,
        wait_for={run("set_fire"): 1},
    ),
    Scenario(
        name="task_revoked",
        title="Two tasks that are revoked: before the start, and while running",
        why="The first task never runs; a span records only its end. The second is cut short, and "
        "so is its process: Celery starts another.",
        requests=(Request("/tasks/revoked/"), Request("/tasks/terminated/")),
        expect=Expectation(
            never=CALM | {"concurrent"},
            cancelled=(run("roast"),),
            handed=(("app.tasks.roast", "revoked", 0), ("app.tasks.roast", "revoked", 1)),
        ),
        pair="task_failed",
        source=SOURCE,
        wait_for={run("roast"): 1, "revoke/app.tasks.roast": 2},
    ),
    Scenario(
        name="book",
        title="A mail and a row at once, in an async view",
        why="The row is written while the mail server is slow, and both are done when the "
        "customer gets the response. The cleaning is not urgent: Celery beat does it at night.",
        requests=(Request("/book/"),),
        expect=Expectation(
            shapes=frozenset({"concurrent", "offloaded"}),
            never=CALM | {"background", "serial"},
            stages=((INSERT, "send"),),
        ),
        pair="book_one_by_one",
        source=TANDEM,
    ),
    Scenario(
        name="book_one_by_one",
        title="A mail, and then a row",
        why="The same two awaits, one after the other. The row waits for the mail, and if the "
        "mail fails, the row is never written.",
        requests=(Request("/book/one_by_one/"),),
        expect=Expectation(
            shapes=frozenset({"serial", "offloaded"}),
            never=CALM | {"background", "concurrent"},
            stages=(("send",), (INSERT,)),
        ),
        pair="book",
        source=TANDEM,
    ),
]
