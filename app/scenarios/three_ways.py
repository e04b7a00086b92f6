"""A scenario with three ways to hand on work: what happens to each if the process is killed."""

from django import VERSION

from app.simulation import KILLED_AFTER
from overlap.scenario import Expectation, Request, Scenario

# Before Django 6 a function of the demo's own takes the place of its task, which has spans.
HAS_TASKS = VERSION >= (6, 0)
DJANGO_TASK = (("app.django_tasks.scrub", "done", 1),) if HAS_TASKS else ()

SCENARIOS = [
    Scenario(
        name="three_ways",
        title="spawn, Celery and Django's own tasks, and the process is killed",
        why="The spawned task is lost, and Celery's task is done. Django's own task was done "
        "before the response: that framework has no worker of its own.",
        requests=(
            Request("/three_ways/"),
            Request("/kill/", at=KILLED_AFTER, method="POST", ends_app=True),
        ),
        expect=Expectation(
            shapes=frozenset({"background", "lost", "offloaded"}),
            never=frozenset({"blocking"}),
            offloaded=() if HAS_TASKS else ("scrub",),
            lost=("http_call_async",),
            handed=(*DJANGO_TASK, ("app.tasks.http_call", "done", 1)),
        ),
        pair="durable_killed",
        source="app/views/three_ways.py",
        wait_for={"run/app.tasks.http_call": 1},
    ),
]
