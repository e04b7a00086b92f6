"""Plays scenarios: a name a line on stdin, what came of it as JSON a line on stdout."""

import asyncio
import gc
import json
import os
import sys
import traceback

from leansite.asgi import application


def main():
    from django.core.management import call_command

    from leansite import scenarios, views

    call_command("migrate", run_syncdb=True, verbosity=0)
    print("ready", flush=True)
    for line in sys.stdin:
        name = line.strip()
        views.gate.clear()
        while views.inside.acquire(blocking=False):
            pass
        views.happened.clear()
        try:
            clear_table()
            outcome = asyncio.run(getattr(scenarios, name)(application))
        except Exception:
            outcome = {"failed": traceback.format_exc()}
        finally:
            views.gate.set()
        print(json.dumps(outcome), flush=True)


def clear_table():
    from django.db import connection

    from leansite.models import Meat

    if os.environ["LEAN"] != "1":
        # Stock Django leaves the connection of an ended thread, and the transaction that is
        # open in it, to the garbage collector. Lean must not.
        gc.collect()
    Meat.objects.all().delete()
    connection.close()


main()
