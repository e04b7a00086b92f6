"""Lean: no thread for a request that needs none, and a pooled thread for a request that does.

Stock Django under ASGI creates a thread for every request, async or not, and discards it when the
request ends: Django's own receivers of `request_started` run in it, and so does
`response.close()` after the response is sent. With lean installed:

- An async view creates and holds no thread. Django's own receivers are postponed until the
  request takes a thread, and the response is closed on the event loop, provided that no other
  receiver is connected and nothing that might block has to be closed.
- A request that needs a thread (a sync view, sync middleware, the ORM) borrows one exclusively
  and returns it when its last call there has ended. So threads are reused, and with CONN_MAX_AGE
  database connections too, as under WSGI. A connection that a request left inside a transaction,
  or changed otherwise, is closed before the next request can see it.
- A receiver, closer or cache that is not Django's own still runs in the request's thread.
- What outlives its request and needs a thread gets one of its own, as in stock Django, which
  ends together with its connections (`thread_lease.py`).
- The objects of a request are freed when it ends, not by the garbage collector
  (`reference_cycle.py`), which skips what was loaded at the start (`gc_freeze.py`). In Django 6.1
  no exception class or group is created for each request (`asgi_handler.py`).

One difference from stock: a `threading.local` of the project survives from one request to the
next on the same thread, as it does under WSGI. Idle threads end after a minute.

Lean works with the versions in `supported_versions.py`; with others it stays off and logs why.
It depends on Django and asgiref, not on telemetry.
"""

from overlap.lean.asgi_handler import replace_handler
from overlap.lean.gc_freeze import reduce_gc_work
from overlap.lean.install import install
from overlap.lean.reference_cycle import avoid_reference_cycle

__all__ = ["avoid_reference_cycle", "install", "reduce_gc_work", "replace_handler"]
