"""A cache that says goodbye: its close() might wait for a server."""

import threading

from django.core.cache.backends.locmem import LocMemCache

closed_in: list[str] = []


class PoliteCache(LocMemCache):
    def __init__(self, name, params):
        super().__init__(name, params)

    def close(self, **_signal):
        closed_in.append(threading.current_thread().name)
