"""A management command is a root span, whatever way it ends; one that runs long has none."""

from __future__ import annotations

import textwrap

import pytest

INTERNAL, ERROR = 1, 2
DRIVER = """
import os, signal, sys
import overlap
overlap.instrument()
import django
django.setup()
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from opentelemetry import trace

class Command(BaseCommand):
    __module__ = "bakery.management.commands.prove"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("how", nargs="?")

    def handle(self, how=None, **_):
        if how == "error": raise CommandError("it did not rise", returncode=4)
        if how == "exit": sys.exit(3)
        if how == "text": sys.exit("it did not rise")
        if how == "raise": raise ValueError("flat")
        if how == "stop": raise KeyboardInterrupt
        if how == "nested":
            call_command(Command(), "fine")
            Command().run_from_argv(["manage.py", "prove", "fine"])
        return how

def manage(*argv):
    try:
        Command().run_from_argv(["manage.py", "prove", *argv])
    except BaseException as error:
        return error
"""


@pytest.fixture
def play(run, own_sink):
    def play(code, **env):
        end = "\noverlap.shutdown()\n"
        run(DRIVER + textwrap.dedent(code) + end, own_sink.url, **env)
        return own_sink

    return play


@pytest.mark.parametrize(
    ("how", "code", "exception"),
    [
        ("error", 4, "django.core.management.base.CommandError"),
        ("exit", 3, None),
        ("text", 1, None),
        ("raise", 1, "ValueError"),
    ],
)
def test_a_command_that_fails(play, how, code, exception):
    """Its exit code is on the span, with the exception; what it raises goes on as it was."""
    sink = play(f"""
    error = manage({how!r})
    assert isinstance(error, ValueError if {how!r} == "raise" else SystemExit), error
    """)
    root = sink.one("manage.py prove")
    assert root.attributes["process.exit.code"] == code
    assert root.status == ERROR
    assert [event["exception.type"] for _, event in root.events] == [exception] * bool(exception)


def test_a_command_that_ends_well_or_is_stopped(play):
    """Ctrl-C is no failure; a command that a command calls has no root of its own."""
    sink = play("""
    assert manage("nested") is None
    assert isinstance(manage("stop"), KeyboardInterrupt)
    """)
    well, stopped = sorted(sink.named("manage.py prove"), key=lambda span: span.start)
    assert (well.kind, well.parent_id, well.status) == (INTERNAL, "", 0)
    assert well.attributes == well.attributes | {"overlap.command": "prove", "process.exit.code": 0}
    assert stopped.attributes["overlap.cancelled"] is True
    assert stopped.status != ERROR


def test_a_command_that_is_called_by_a_script_or_runs_long_has_no_span(play):
    """`call_command` belongs to what calls it; some commands run until they are stopped."""
    sink = play("""
    call_command(Command())
    os.environ["OVERLAP_LONG_COMMANDS"] = "other, prove"
    assert manage() is None
    del os.environ["OVERLAP_LONG_COMMANDS"]
    Command.__module__ = "anything.db_worker"
    assert manage() is None
    """)
    assert sink.names() == {}


def test_telemetry_that_fails_and_off_means_off(play):
    """A tracer that raises, and none at all: the command runs; its own signal handler stays."""
    sink = play("""
    from overlap.instrument.process import management_command
    stock = signal.getsignal(signal.SIGTERM)
    real, management_command.trace = management_command.trace, None
    assert manage("fine") is None
    management_command.trace = real
    assert signal.getsignal(signal.SIGTERM) is stock
    overlap.shutdown()
    assert "overlap" not in repr(BaseCommand.execute.__code__)
    assert manage("fine") is None
    """)
    assert sink.names() == {}
