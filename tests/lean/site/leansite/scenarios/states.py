"""Each state of leansite.states, left by one request: whether the next one finds it."""

import asyncio
import io
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from django.core.wsgi import get_wsgi_application
from django.db import connections

from leansite.client import get
from leansite.states import begin, states


async def _each(ask):
    found = {}
    for name in states():
        restore = begin()
        try:
            await ask(f"/state/?leave=1&name={quote(name)}")
            status, body = await ask(f"/state/?name={quote(name)}")
            found[name] = json.loads(body)["left"] if status == 200 else f"fails with {status}"
        finally:
            restore()
    return found


async def states_left(app):
    async def ask(path):
        answer = await get(app, path)
        return answer.status, answer.body

    return await _each(ask)


async def states_left_wsgi(_app):
    """The same under WSGI, both requests on one thread, as in a small pool of threads."""
    app = get_wsgi_application()
    loop = asyncio.get_running_loop()

    def call(path):
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": "",
            "SERVER_NAME": "test", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "test", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http", "wsgi.version": (1, 0), "wsgi.multithread": True,
            "wsgi.multiprocess": False, "wsgi.run_once": False,
        }  # fmt: skip
        statuses = []
        response = app(environ, lambda status, *_head: statuses.append(int(status[:3])))
        try:
            return statuses[0], b"".join(response)
        finally:
            response.close()

    threads = []

    async def ask(path):
        if "leave=1" in path:  # what one state leaves must not fail the next one's requests
            threads.append(ThreadPoolExecutor(1))
        return await loop.run_in_executor(threads[-1], call, path)

    try:
        return await _each(ask)
    finally:
        for thread in threads:
            thread.submit(_close_connections).result()
            thread.shutdown()


def _close_connections():
    for alias in connections:
        connections[alias].close()
        del connections[alias]
