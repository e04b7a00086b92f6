"""Each of these fails, and its failure shows why."""

from django.test import TestCase

from overlap.testing import record


def test_serial(traced, client):
    client.get("/serial/")
    assert traced.shape == "concurrent"


async def test_blocked(traced, async_client):
    await async_client.get("/burn/")
    assert [advice.change for advice in traced.advice] == ["off_loop"]
    assert not traced.blocked


def test_ambiguous(traced, client):
    client.get("/plain/")
    client.get("/plain/")
    assert traced.shape == "single"


class Tests(TestCase):
    def test_recorded(self):
        with record() as traced:
            self.client.get("/serial/")
        assert traced.shape == "concurrent"


def test_untraced():
    assert not "drawn"
