"""A slow query: PostgreSQL has a function that sleeps, and SQLite gets one here."""

from time import sleep

from django.db.backends.signals import connection_created
from django.db.models import Func, TextField, Value

from app.simulation import QUERY_NAP


class Nap(Func):
    """A database function that sleeps for QUERY_NAP seconds and returns an empty text."""

    function = "nap"
    output_field = TextField()

    def __init__(self) -> None:
        super().__init__(Value(QUERY_NAP))

    def as_postgresql(self, compiler, connection, **context):
        """Use pg_sleep, which returns void: an empty text."""
        return self.as_sql(
            compiler, connection, template="pg_sleep(%(expressions)s)::text", **context
        )


def add_nap_to_sqlite(connection, **_signal) -> None:
    """Add the function to each new connection, since SQLite has no sleep."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("nap", 1, _nap)


def _nap(seconds: float) -> str:
    sleep(seconds)
    return ""


connection_created.connect(add_nap_to_sqlite, dispatch_uid=__name__)
