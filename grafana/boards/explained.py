"""The explanation of the chosen lesson and its pair, as hidden variables of the dashboard.

Grafana has no text that depends on a variable's value. So one query holds the texts of all lessons
as labels of constants, and Prometheus answers with that of the chosen one; hidden variables read
it from the answer. That works in every Grafana since 9, before anything was played, and without a
plugin.
"""

from __future__ import annotations

from collections.abc import Callable

from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.models.dashboard import (
    VariableHide,
    VariableModel,
    VariableOption,
    VariableRefresh,
)

from app.scenarios import SCENARIOS
from grafana.boards.links import APP_URL
from grafana.boards.promql import labelled
from grafana.boards.queries import PROMETHEUS
from overlap.scenario import Scenario

FIRST = "burn_some_meats"
"""The lesson that is shown if none is chosen."""
CHOSEN = "lesson"
_WORDS = "words"


def choice() -> sdk.CustomVariable:
    """Return the variable that selects a lesson, by name and title."""
    options = [(f"{each.name} · {each.title}", each.name) for each in SCENARIOS]
    text, value = next(option for option in options if option[1] == FIRST)
    return (
        sdk.CustomVariable(CHOSEN)
        .label("Lesson")
        .description("Which lesson this dashboard shows.")
        .values(", ".join(f"{_uncut(text)} : {name}" for text, name in options))
        .current(VariableOption(selected=True, text=text, value=value))
        .options(
            [
                VariableOption(selected=name == FIRST, text=text, value=name)
                for text, name in options
            ]
        )
    )


class Hidden(sdk.QueryVariable):
    """A hidden variable: the text that `describe` returns for the chosen lesson."""

    def __init__(self, name: str, describe: Callable[[Scenario], str]) -> None:
        super().__init__(name)
        query = f"query_result({_chosen(describe)})"
        self.datasource(PROMETHEUS).query(query)
        self.regex(f'/{_WORDS}="([^"]*)"/')
        self.hide(VariableHide.HIDE_VARIABLE).refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        first = next(each for each in SCENARIOS if each.name == FIRST)
        self.current(VariableOption(selected=True, text=describe(first), value=describe(first)))

    def build(self) -> VariableModel:
        """Return the variable, kept out of the URL because it follows from the lesson."""
        model = super().build()
        model.skip_url_sync = True
        return model


def explanation(lesson: Scenario) -> str:
    """Return what the lesson shows and why, in Markdown without a double quote."""
    asked = [request for request in lesson.requests if not request.neighbour]
    others = len(lesson.requests) - len(asked)
    routes = ", ".join(
        f"[{method} {path}]({APP_URL.rstrip('/')}{path})" if method == "GET" else f"{method} {path}"
        for method, path in dict.fromkeys((each.method, each.path) for each in asked)
    )
    shapes = ", ".join(f"**{shape}**" for shape in sorted(lesson.expect.shapes)) or "-"
    parts = [
        f"### {lesson.title}",
        lesson.why,
        f"Requests {routes}"
        + (
            f", and {others} neighbours meanwhile, to see whether they are delayed"
            if others
            else ""
        )
        + f". Expected: {shapes}."
        + (f" The view is in `{lesson.source}`." if lesson.source else ""),
        f"Play it: `overlap play {lesson.name}`."
        + (
            f" Compare it with [{lesson.pair}](/d/overlap-lesson?var-lesson={lesson.pair}), "
            "the same work done otherwise."
            if lesson.pair
            else ""
        ),
    ]
    return "\n\n".join(parts).replace('"', "“")


def pair(lesson: Scenario) -> str:
    """Return the name of the lesson to compare with; its own if there is none."""
    return lesson.pair or lesson.name


def routes(lesson: Scenario) -> str:
    """Return a pattern of the routes that the lesson and its pair request."""
    by_name = {each.name: each for each in SCENARIOS}
    both = (lesson, by_name[lesson.pair or lesson.name])
    paths = dict.fromkeys(
        request.path.partition("?")[0]
        for each in both
        for request in each.requests
        if not request.neighbour
    )
    return "|".join(paths)


def _chosen(describe: Callable[[Scenario], str]) -> str:
    every = " or ".join(
        labelled(**{CHOSEN: each.name, _WORDS: describe(each)}) for each in SCENARIOS
    )
    chosen = f'label_replace(vector(0), "{CHOSEN}", "${CHOSEN}", "", "")'
    return f"({every}) and on({CHOSEN}) {chosen}"


def _uncut(text: str) -> str:
    # A comma ends a custom variable's value.
    return text.replace(",", "\\,")
