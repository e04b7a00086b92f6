"""A cache, a mail backend and a password hasher that are slow."""

import time

from django.contrib.auth.hashers import BasePasswordHasher
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.mail.backends.locmem import EmailBackend

NAP_S = 0.02


class SlowCache(LocMemCache):
    """Its `get` is slow; its `aset` is a coroutine that calls no sync method."""

    def get(self, key, default=None, version=None):
        time.sleep(NAP_S)
        return super().get(key, default, version)

    async def aset(self, key, value, **options):
        self._store = value


class FailingCache(BaseCache):
    """A server that is down."""

    def __init__(self, _location, params):
        super().__init__(params)

    def get(self, key, default=None, version=None):
        raise ConnectionError("no server")


class SlowMail(EmailBackend):
    """A server far away."""

    def send_messages(self, messages):
        time.sleep(NAP_S)
        return super().send_messages(messages)


class SlowHasher(BasePasswordHasher):
    """As a project may have one."""

    algorithm = "slow"

    def salt(self):
        return "salt"

    def encode(self, password, salt):
        time.sleep(NAP_S)
        return f"slow${salt}${password[::-1]}"

    def decode(self, encoded):
        algorithm, salt, found = encoded.split("$")
        return {"algorithm": algorithm, "salt": salt, "hash": found}

    def verify(self, password, encoded):
        return encoded == self.encode(password, "salt")

    def must_update(self, encoded):
        return False
