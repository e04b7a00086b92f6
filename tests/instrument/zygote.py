"""Runs scripts, each in a process of its own, without the second that its imports would take.

One line of JSON in ({"code", "env", "out"}), one line out: the exit status. The imports are
done once; each script runs in a fork. Nothing is instrumented and no thread runs before that.
"""

import json
import os
import sys
import traceback

import django.core.asgi
import httpx
import structlog
from opentelemetry.instrumentation import django as _django
from opentelemetry.instrumentation import httpx as _httpx

import overlap.instrument.requests.django_instrumentor
import overlap.telemetry
from tests.forking import fork

IMPORTED = (django, httpx, structlog, _django, _httpx, overlap)


def run(code, env, out):
    """In the child: never returns."""
    status = 1
    file = os.open(out, os.O_WRONLY | os.O_CREAT)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.environ.clear()
    os.environ.update(env)
    try:
        exec(compile(code, "script", "exec"), {"__name__": "__main__", "fork": fork})  # noqa: S102
        import atexit
        import threading

        threading._shutdown()
        atexit._run_exitfuncs()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


for line in sys.stdin:
    asked = json.loads(line)
    child = fork()
    if not child:
        run(asked["code"], asked["env"], asked["out"])
    _, wait_status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(wait_status), flush=True)
