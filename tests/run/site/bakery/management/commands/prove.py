"""A command that another one calls."""

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, **_options):
        self.stdout.write("proved")
