"""The demo's Django app configuration."""

from django.apps import AppConfig


class Smokehouse(AppConfig):
    """The app, with the label `smokehouse`: its tables are smokehouse_meat and so on."""

    name = "app"
    label = "smokehouse"
    default = True
