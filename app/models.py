"""What the smokehouse keeps in its database: its smokers, and which meat is in which."""

from django.db import models

from app.slow_query import Nap


class Smoker(models.Model):
    """One of the smokers in the yard."""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Meats(models.QuerySet):
    """The meats, and a way to ask for them that takes its time."""

    def slow(self):
        """Each row takes QUERY_NAP to read, as without an index that is missing."""
        return self.annotate(checked=Nap())


class Meat(models.Model):
    """A piece of meat, and where it is smoked."""

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
