"""The pipeline of log records: our batch, on our logger provider and on the project's.

Lines of structlog and of logging are recorded by us (overlap.telemetry.logs). What a project emits
itself, by `opentelemetry._logs.get_logger(…).emit(…)`, goes to the global provider: ours, until the
project sets its own.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any
from weakref import WeakSet

from opentelemetry._logs import Logger as ApiLogger
from opentelemetry._logs import LoggerProvider as ApiLoggerProvider
from opentelemetry._logs import get_logger_provider
from opentelemetry._logs._internal import ProxyLoggerProvider
from opentelemetry.sdk._logs import Logger, LoggerProvider, LogRecordProcessor
from opentelemetry.sdk.resources import Resource

from overlap.runtime.guard import never_raises
from overlap.telemetry.drops import Drops
from overlap.telemetry.endpoint import destination
from overlap.telemetry.export.encoding import Packed, pack_record
from overlap.telemetry.logs.otlp_records import make_batch
from overlap.telemetry.project_exporters import exports_to, unwrapped
from overlap.telemetry.resource import MergedResources

_FRAMES = 12
"""Between a handler of logging and a processor of the provider that it emits to."""


class LogPipeline:
    """Queues and sends log records."""

    def __init__(self, resource: Resource, drops: Drops) -> None:
        self._endpoint = destination("logs").endpoint
        self._resources: MergedResources | None = None
        self.batch = make_batch(drops, self._pack)
        self.own = LoggerProvider(resource=resource, shutdown_on_exit=False)
        """For the records that we make."""
        self.own.add_log_record_processor(self.batch)
        self.lent = LentProvider(resource)
        """The global provider, until the project sets one."""
        self.lent.add_log_record_processor(self.batch)
        self._joined: tuple[Any, ProjectRecords] | None = None

    def join(self, provider: Any, resources: MergedResources) -> str:
        """Also send what is emitted at the project's provider. Return why that fails, or "".

        Loggers of ours that the project has emit at the project's provider from now on.
        """
        self.lent.hand_over_to(provider)
        inner, name = unwrapped(provider), type(provider).__name__
        if not isinstance(inner, LoggerProvider):
            return f"log records emitted at the project's {name} go there alone"
        self._resources = resources
        processor = ProjectRecords(self.batch, lambda: exports_to(provider, self._endpoint))
        self._joined = inner, processor
        inner.add_log_record_processor(processor)
        return ""

    def is_sent_by(self, provider: Any) -> bool:
        """Return whether a provider exports to our endpoint."""
        return exports_to(provider, self._endpoint)

    def receives(self, provider: Any) -> bool:
        """Return whether what a provider is given arrives at our endpoint, by us or by itself."""
        if isinstance(provider, ProxyLoggerProvider):
            provider = get_logger_provider()  # the global one, which the proxy looks up
        joined = self._joined and self._joined[0]
        ours = (self.own, self.lent, *([joined] if joined else ()))
        return any(unwrapped(provider) is each for each in ours) or self.is_sent_by(provider)

    def leave(self) -> None:
        """Remove our processor from the project's provider."""
        if self._joined is not None:
            inner, processor = self._joined
            processor.close()
            multi = inner._multi_log_record_processor
            multi._log_record_processors = tuple(
                each for each in multi._log_record_processors if each is not processor
            )

    def _pack(self, record: Any) -> Packed:
        resources = self._resources
        return pack_record(record, None if resources is None else resources.of(record.resource))


class ProjectRecords(LogRecordProcessor):
    """Passes records of the project's provider on to our batch, until it is closed.

    Not those of a handler of logging, which are recorded for us at the logger.
    """

    def __init__(self, batch: LogRecordProcessor, is_sent_by_project: Callable[[], bool]) -> None:
        self._batch = batch
        self._is_sent_by_project = is_sent_by_project
        self._is_open = True

    def close(self) -> None:
        """Stop: not every provider can remove a processor."""
        self._is_open = False

    @never_raises("a log record of the project's is not sent")
    def on_emit(self, log_record: Any) -> None:
        """Pass it on, unless it is sent in another way."""
        if (
            self._is_open
            and not _is_from_logging(sys._getframe(1))
            and not self._is_sent_by_project()
        ):
            self._batch.on_emit(log_record)

    def shutdown(self) -> None:
        """Do nothing: our batch outlives the project's provider."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Flush our batch."""
        return not self._is_open or bool(self._batch.force_flush(timeout_millis))


def _is_from_logging(frame: FrameType | None) -> bool:
    """Return whether a handler of logging is emitting."""
    for _ in range(_FRAMES):
        if frame is None:
            return False
        if frame.f_code is _HANDLE:
            return True
        frame = frame.f_back
    return False


_HANDLE = logging.Handler.handle.__code__


class LentProvider(LoggerProvider):
    """Our provider in the project's hands, until the project sets its own."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(resource=resource, shutdown_on_exit=False)
        self._successor: ApiLoggerProvider | None = None
        self._made: WeakSet[Logger] = WeakSet()

    def get_logger(self, *args: Any, **named: Any) -> ApiLogger:
        """See opentelemetry._logs.LoggerProvider."""
        if self._successor is not None:
            return self._successor.get_logger(*args, **named)
        logger = super().get_logger(*args, **named)
        if type(logger) is Logger:
            self._made.add(logger)
        return logger

    def hand_over_to(self, provider: ApiLoggerProvider) -> None:
        """Make every logger emit at another provider from now on: who has one keeps it."""
        self._successor = provider
        for logger in list(self._made):
            scope = logger._instrumentation_scope
            target = provider.get_logger(
                scope.name, scope.version or None, scope.schema_url, scope.attributes or None
            )
            vars(logger)["successor"] = target
            logger.__class__ = RedirectedLogger


class RedirectedLogger(Logger):
    """A logger of ours that emits at the project's provider."""

    successor: ApiLogger

    def emit(self, *args: Any, **named: Any) -> None:
        """See opentelemetry._logs.Logger."""
        self.successor.emit(*args, **named)
