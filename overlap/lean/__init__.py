"""Lean: no thread for a request that needs none, and a pooled one for a request that does.

Stock Django under ASGI makes a thread for every request, async or not, and throws it away at
the request's end: `request_started` hops to it for Django's own receivers, `response.close()`
hops to it once the response is out. With lean on

- an async view holds no thread and makes none: Django's own receivers wait for the moment when
  the request takes a thread, and the response is closed on the event loop, where nobody else
  listens and nothing that might block is closed;
- a request that needs a thread (a sync view or middleware, the ORM) borrows one, alone, and
  gives it back once its last work there is over. So threads are reused, and with CONN_MAX_AGE
  database connections, as under WSGI. A connection that a request left inside a transaction, or
  changed otherwise, is closed before the next one can see it;
- a receiver, a closer or a cache that is not Django's own still runs in the request's thread;
- what a request leaves is freed at its end, and not by the garbage collector (`parting.py`),
  which passes over what was loaded at the start (`heap.py`); in Django 6.1 it makes no class and
  no group of exceptions for each request (`serving.py`).

What differs from stock: a `threading.local` of the project's own survives from one request to
the next on the same thread, as it does under WSGI; idle threads go after a minute.

Known to work with the versions in `guard.py`; with others it stays off and says so in the log.
Knows Django and asgiref, and nothing of telemetry.
"""

from overlap.lean.asgi_handler import serve_lightly
from overlap.lean.gc_freeze import spare_collector
from overlap.lean.install import install
from overlap.lean.reference_cycle import part_cleanly

__all__ = ["install", "part_cleanly", "serve_lightly", "spare_collector"]
