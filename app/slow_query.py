"""Slow queries: PostgreSQL has a function that sleeps, and SQLite gets one here."""

from time import sleep

from django.db.backends.signals import connection_created
from django.db.models import Func, TextField, Value

from app.simulation import QUERY_NAP, ROUND_TRIP

PG_SLEEP = "pg_sleep(%(expressions)s)::text"


class Nap(Func):
    """A database function that sleeps QUERY_NAP seconds for each row and returns an empty text."""

    function = "nap"
    seconds = QUERY_NAP
    output_field = TextField()

    def __init__(self) -> None:
        super().__init__(Value(self.seconds))

    def as_postgresql(self, compiler, connection, **context):
        """Use pg_sleep, which returns void: an empty text."""
        template = self.template.replace("%(function)s(%(expressions)s)", PG_SLEEP)
        return self.as_sql(compiler, connection, template=template, **context)


class RoundTrip(Nap):
    """The same, once for each query: ROUND_TRIP seconds."""

    seconds = ROUND_TRIP
    # Databases evaluate a subquery that depends on no row once.
    template = "(SELECT %(function)s(%(expressions)s))"


def add_nap_to_sqlite(connection, **_signal) -> None:
    """Add the function to each new connection, since SQLite has no sleep."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("nap", 1, _nap)


def _nap(seconds: float) -> str:
    sleep(seconds)
    return ""


connection_created.connect(add_nap_to_sqlite, dispatch_uid=__name__)
