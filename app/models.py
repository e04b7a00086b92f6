"""The demo's models: smokers, the meat in each, and bookings."""

from django.db import models

from app.slow_query import Nap, RoundTrip


class Rows(models.QuerySet):
    """A query set of a database that is far."""

    def far(self):
        """Make the query take ROUND_TRIP longer."""
        return self.annotate(trip=RoundTrip())


class Smoker(models.Model):
    """One of the smokers in the yard."""

    name = models.CharField(max_length=50)

    objects = Rows.as_manager()

    def __str__(self) -> str:
        return self.name


class Meats(Rows):
    """A query set of meats that can be slow."""

    def slow(self):
        """Make each row take QUERY_NAP to read, as a missing index does."""
        return self.annotate(checked=Nap())


class Meat(models.Model):
    """A piece of meat, and its smoker."""

    name = models.CharField(max_length=50)
    smoker = models.ForeignKey(Smoker, models.CASCADE, related_name="meats")

    objects = Meats.as_manager()

    def __str__(self) -> str:
        return self.name


class Booking(models.Model):
    """A table that a customer booked."""

    name = models.CharField(max_length=50)
    made = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
