"""Observe a Django signal without being one of its receivers.

Other tools read a signal's list of receivers: Sentry, for example, makes a span of each of them.
And Django deletes rows one by one if the model's signals have receivers. So nothing is connected to
the signal here: its own `send` is wrapped.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from overlap.runtime.class_methods import replace_method
from overlap.runtime.guard import failed

_SENDERS = ("send", "send_robust", "asend", "asend_robust")
_WHAT = "a signal of Django's is not observed"


def observe_signal(
    signal: Any, observer: Callable[..., object], *, sender: Any = None
) -> Callable[[], None]:
    """Call `observer` when a signal is sent; return a function that undoes it.

    It is called before the receivers, in the thread that sends, with the same arguments. What it
    raises is logged.

    sender: observe this sender alone; None: every sender.
    """
    wanted, observers = sender, [observer]

    def make(stock: Callable[..., Any]) -> Callable[..., Any]:
        def send(sender: Any, **named: Any) -> Any:
            if wanted is None or sender is wanted:
                for observe in observers:
                    try:  # not through `guarded`: it would copy the arguments once more
                        observe(signal=signal, sender=sender, **named)
                    except Exception:
                        failed(_WHAT)
            return stock(sender, **named)

        return send

    undo = ExitStack()
    undo.callback(observers.clear)  # another library may have wrapped `send` by then
    for name in _SENDERS:
        if hasattr(signal, name):
            undo.callback(replace_method(signal, name, make))
    return undo.close
