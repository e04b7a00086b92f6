"""The demo as a Django app: it has models, and migrations."""

from django.apps import AppConfig


class Smokehouse(AppConfig):
    """Named by what it is: its tables are smokehouse_meat and smokehouse_smoker."""

    name = "app"
    label = "smokehouse"
    default = True
