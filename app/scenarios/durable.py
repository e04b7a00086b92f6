"""The tutorial's third question: Celery beside async views, and both in tandem."""

from app.scenarios.terms import CALM
from app.simulation import KILLED_AFTER
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/durable.py"
TANDEM = "app/views/tandem.py"
HTTP_CALL = "app.tasks.http_call"
INSERT = "INSERT smokehouse_booking"


def run(task: str) -> str:
    """The span of a task's run."""
    return f"run/app.tasks.{task}"


SCENARIOS = [
    Scenario(
        name="durable",
        title="The same work, handed to Celery",
        why="The view puts a message into a queue and answers; a worker, another process, takes it "
        "and counts. The trace goes on there, whatever becomes of the process that asked.",
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
        why="kill -9 at the third number: what was spawned is lost with the process, and the next "
        "one tells so, by name. What Celery was handed is counted to its end.",
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
        title="A task that is tried again, until it is done",
        why="A third party answers 503 twice: each try is a run of its own, and says why there is "
        "another. Nobody waits for it, so the pauses between may be long.",
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
        title="A task that fails when nobody is there to see",
        why="The response went out long ago, with 200: the failure is on the task's own span, with "
        "its exception, and in no answer.",
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
        title="Two tasks that are called off: before they begin, and in the middle",
        why="The first has no run at all, only the mark of its end. The second was cut short, and "
        "so was the process that it ran in: Celery starts another.",
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
        title="A mail and a row, at once in an async view",
        why="The mail server takes its time, and the row is written meanwhile: both are done when "
        "the customer is answered. What is not urgent, the cleaning, Celery beat does at night.",
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
        why="The same two awaits, one after the other. The row waits for the mail, and if that "
        "fails it is never written.",
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
