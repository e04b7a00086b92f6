"""One table, for one query."""

from django.db import models


class Order(models.Model):  # type: ignore[misc]  # Django ships no hints
    """A row to count; the bench makes the table before a server starts."""

    class Meta:
        """No migration: the bench makes the table."""

        app_label = "site"
        db_table = "bench_order"
