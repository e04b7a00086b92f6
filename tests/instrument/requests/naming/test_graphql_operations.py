"""A GraphQL request is named after its operation: real strawberry, sync and async."""

from __future__ import annotations

import pytest

SITE = """
from django.conf import settings
settings.configure(
    ROOT_URLCONF="kitchen_urls", SECRET_KEY="x", ALLOWED_HOSTS=["*"], USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
)
{before}
import overlap
overlap.instrument({options})
import django
django.setup()
import asyncio, sys, types
import strawberry
from django.test import AsyncClient
from django.urls import path
from strawberry.django.views import AsyncGraphQLView, GraphQLView

@strawberry.type
class Query:
    @strawberry.field
    async def meat(self) -> str: return "brisket"
    @strawberry.field
    def salt(self) -> str: return "yes"

@strawberry.type
class Mutation:
    @strawberry.mutation
    def smoke(self) -> bool: return True

schema = strawberry.Schema(Query, Mutation)
urls = sys.modules["kitchen_urls"] = types.ModuleType("kitchen_urls")
urls.urlpatterns = [
    path("graphql/", AsyncGraphQLView.as_view(schema=schema)),
    path("sync/", GraphQLView.as_view(schema=schema)),
]

async def ask(url, query, status=200, **more):
    body = {{"query": query, **more}}
    answer = await AsyncClient().post(url, body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()

async def main():
{code}

asyncio.run(main())
overlap.shutdown()
{after}
"""
ASK = """
    await ask("/graphql/", "query Menu { meat }")
    await ask("/graphql/", "{ meat }")
    await ask("/graphql/", "mutation Light { smoke } query Menu { meat }", operationName="Light")
    await ask("/sync/", "query Salt { salt }")
    await ask("/graphql/", "query Wrong { nothing }")
    await ask("/graphql/", "query {")
"""
PARTS = {"before": "", "options": "", "after": "", "code": ASK}


def script(**parts):
    return SITE.format(**(PARTS | parts))


def served(sink):
    return sorted(span.name for span in sink.spans if span.kind == 2)


def test_the_operation_is_in_the_spans_name(own_sink, run):
    """Its type, and its name if it has one; a query that can't run names nothing."""
    run(script(), own_sink.url)
    assert served(own_sink) == [
        "POST /graphql/",
        "POST /graphql/",
        "POST /graphql/ mutation Light",
        "POST /graphql/ query",
        "POST /graphql/ query Menu",
        "POST /sync/ query Salt",
    ]
    light = own_sink.one("POST /graphql/ mutation Light")
    assert light.attributes["graphql.operation.type"] == "mutation"
    assert light.attributes["graphql.operation.name"] == "Light"
    assert light.attributes["http.route"] == "/graphql/"
    assert "graphql.operation.name" not in own_sink.one("POST /graphql/ query").attributes


def test_a_name_by_the_projects_hook_stays(own_sink, run):
    """Whoever renamed the span knows better."""
    hook = "request_hook=lambda span, request: span.update_name('mine')"
    run(script(options=hook, code='    await ask("/graphql/", "query M { meat }")'), own_sink.url)
    assert served(own_sink) == ["mine"]


@pytest.mark.parametrize(
    "breakage",
    [
        "graphql_operations.get_current = None",
        "graphql_operations.ServerSpan.set_operation = None",
    ],
)
def test_telemetry_that_fails_changes_nothing(own_sink, run, breakage):
    """The operation runs, and is answered as ever."""
    code = f"""
    from overlap.instrument.requests.naming import graphql_operations
    {breakage}
    assert await ask("/graphql/", "query M {{ meat }}") == {{"data": {{"meat": "brisket"}}}}
"""
    run(script(code=code), own_sink.url)
    assert served(own_sink) == ["POST /graphql/"]


def test_off_means_off(own_sink, run):
    """After `shutdown()` a schema has its own extensions alone."""
    after = "assert schema.get_extensions() == []"
    run(script(after=after), own_sink.url)
