"""Instrument a management command, or a worker that is one, under `overlap run`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import hide_frames


def instrument_commands(module: Any, switch_on: Callable[[], None]) -> None:
    """Call `switch_on` before a command of manage.py runs.

    Not for servers, whose processes that serve are found elsewhere, nor for shells and tests.
    """
    from overlap.instrument.process.management_command import SERVERS, SHELLS, command_name

    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def run_from_argv(command: Any, argv: Any) -> Any:
            if command_name(command) not in SERVERS | SHELLS:
                switch_on()
            try:
                return stock(command, argv)
            except BaseException as error:
                hide_frames(error)
                raise

        return run_from_argv

    replace_method(module.BaseCommand, "run_from_argv", make)
