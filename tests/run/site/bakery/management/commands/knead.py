"""An async command, part of which blocks its loop; as often as told, it calls another command."""

import asyncio
import time

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, **_options):
        asyncio.run(self.knead())
        call_command("prove")

    async def knead(self):
        await asyncio.sleep(0.01)
        time.sleep(0.3)  # noqa: ASYNC251  it is what blocks
        await asyncio.sleep(0.01)
        self.stdout.write("kneaded")
