"""A command that runs until it is stopped, and knows nothing of signals."""

import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, **_options):
        self.stdout.write("resting")
        self.stdout.flush()
        while True:
            time.sleep(60)
