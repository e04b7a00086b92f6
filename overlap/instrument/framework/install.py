"""Switch on what is recorded of Django itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack

from overlap.instrument.framework.cache_calls import instrument_caches
from overlap.instrument.framework.connection_pool import time_pools
from overlap.instrument.framework.mail import instrument_mail
from overlap.instrument.framework.passwords import instrument_passwords
from overlap.instrument.framework.signal_receivers import instrument_signals
from overlap.instrument.framework.templates import instrument_templates

_PARTS: tuple[Callable[[], Callable[[], None]], ...] = (
    instrument_caches,
    instrument_templates,
    instrument_passwords,
    instrument_mail,
    instrument_signals,
    time_pools,
)
_log = logging.getLogger(__name__)


def instrument_framework() -> Callable[[], None]:
    """Switch each part on; return a function that undoes it. One that fails leaves the others."""
    undo = ExitStack()
    for instrument_part in _PARTS:
        try:
            undo.callback(instrument_part())
        except Exception:  # some other Django
            _log.warning("%s failed, and records nothing", instrument_part.__name__, exc_info=True)
    return undo.close
