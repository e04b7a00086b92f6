"""Whether Django's caches can be closed on the loop, by the setting CACHES."""

from __future__ import annotations

import sys

import pytest

from overlap.lean.signal_receivers import _close_at_once


def caches(*backends):
    return {str(number): {"BACKEND": backend} for number, backend in enumerate(backends)}


@pytest.mark.parametrize(
    ("backends", "at_once"),
    [
        (["django.core.cache.backends.locmem.LocMemCache"], True),
        (["django.core.cache.backends.redis.RedisCache"], True),
        (["django.core.cache.backends.memcached.PyMemcacheCache"], False),
        (
            [
                "django.core.cache.backends.locmem.LocMemCache",
                "django.core.cache.backends.memcached.PyMemcacheCache",
            ],
            False,
        ),
        (["shop.caches.OwnCache"], False),
        ([], True),
    ],
)
def test_only_djangos_caches_without_a_close_are_closed_unseen(backends, at_once):
    """Memcached's close() talks to a server; of another package's, nothing is known."""
    assert _close_at_once(caches(*backends)) is at_once


def test_another_packages_cache_is_not_imported():
    """It would import a client that may never be used, on the loop."""
    sys.modules.pop("xmlrpc.client", None)
    assert not _close_at_once(caches("xmlrpc.client.ServerProxy"))
    assert "xmlrpc.client" not in sys.modules
