"""One table."""

from django.db import models


class Meat(models.Model):
    name = models.CharField(max_length=50)
