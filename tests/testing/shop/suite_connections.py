"""Work of a test in another thread has another connection than the test's transaction."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TestCase, TransactionTestCase

from overlap.testing import record

SEES = "SELECT count(*) FROM meat"


def write():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE meat (name text)")


def look():
    with connection.cursor() as cursor:
        cursor.execute(SEES)


def look_and_close():
    try:
        look()
    finally:
        connection.close()


def in_a_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def look_in_vain():
    with pytest.raises(OperationalError, match="no such table"):
        look_and_close()


def is_said(sentences):
    (said,) = sentences
    assert said.startswith("at suite_connections.py:"), said
    assert " in look, a query ran in the thread " in said
    assert "on another connection to 'default' than the test's transaction" in said
    assert f"which is that of {threading.current_thread().name}:" in said
    return True


class Tests(TestCase):
    async def test_a_thread_of_its_own(self):
        with record() as traced:
            await sync_to_async(write)()
            with self.assertRaisesMessage(OperationalError, "no such table"):
                await asyncio.to_thread(look_and_close)
            assert len(traced.other_connections) == 1
            assert traced.other_connections[0].startswith("at suite_connections.py:")

    async def test_the_thread_of_the_test(self):
        with record() as traced:
            await sync_to_async(write)()
            await sync_to_async(look)()
        assert traced.other_connections == []

    def test_what_was_written_before(self):
        write()
        with record() as traced:
            in_a_thread(look_in_vain)
        assert is_said(traced.other_connections)

    def test_a_transaction_of_the_projects_own(self):
        before = BaseDatabaseWrapper._cursor
        with record() as traced, transaction.atomic():
            look_at_nothing()
        assert traced.other_connections == []
        assert BaseDatabaseWrapper._cursor is before


def look_at_nothing():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


class Committed(TransactionTestCase):
    def test_there_is_no_transaction(self):
        with record() as traced, transaction.atomic():
            in_a_thread(lambda: (look_at_nothing(), connection.close()))
            look_at_nothing()
        assert traced.other_connections == []


@pytest.mark.django_db
def test_the_fixture_before_the_database(traced):
    write()
    in_a_thread(look_in_vain)
    assert is_said(traced.other_connections)


@pytest.mark.django_db
def test_below_a_failure(traced):
    write()
    in_a_thread(look_in_vain)
    assert not "shown"
