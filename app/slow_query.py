"""A query that takes its time in the database itself: PostgreSQL can sleep, SQLite is taught to."""

from time import sleep

from django.db.backends.signals import connection_created
from django.db.models import Func, TextField, Value

from app.simulation import QUERY_NAP


class Nap(Func):
    """QUERY_NAP seconds of the database's time, and an empty text."""

    function = "nap"
    output_field = TextField()

    def __init__(self) -> None:
        super().__init__(Value(QUERY_NAP))

    def as_postgresql(self, compiler, connection, **context):
        """pg_sleep gives nothing back, and nothing as text is empty."""
        return self.as_sql(
            compiler, connection, template="pg_sleep(%(expressions)s)::text", **context
        )


def teach_sqlite_to_nap(connection, **_signal) -> None:
    """Receive connection_created: SQLite has no sleep of its own."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("nap", 1, _nap)


def _nap(seconds: float) -> str:
    sleep(seconds)
    return ""


connection_created.connect(teach_sqlite_to_nap, dispatch_uid=__name__)
