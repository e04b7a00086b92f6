"""The thread-sensitive context of a request, with a lease in place of asgiref's executor."""

from __future__ import annotations

from typing import Any

from asgiref.sync import AsyncToSync, SyncToAsync, ThreadSensitiveContext

from overlap.lean.thread_lease import Lease
from overlap.lean.thread_pool import Pool


class RequestContext(ThreadSensitiveContext):
    """The context that Django enters for each request; inside another it does nothing, as stock.

    A task that outlives the request keeps this context. Its lease then provides a thread that
    no other request uses, as in stock Django, and ends it together with the last such task.
    """

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self._pool = pool
        self._lease: Lease | None = None
        self.lease: Lease | None = None
        """The lease if it decides in which thread the request's sync code runs."""

    async def __aenter__(self) -> RequestContext:
        await super().__aenter__()  # type: ignore[no-untyped-call]
        if self.token is not None:
            lease = self._lease = SyncToAsync.context_to_thread_executor[self] = Lease(self._pool)
            # A sync caller that waits for the request runs its sync code in its own thread.
            has_sync_caller = getattr(AsyncToSync.executors, "current", None) is not None
            self.lease = None if has_sync_caller else lease
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        lease = self._lease
        if self.token is None or lease is None:
            await super().__aexit__(*exc_info)  # type: ignore[no-untyped-call]
            return
        # Without asgiref, which would shut the lease down and wait for that in a thread. The entry
        # stays for background work: it, and with it the lease, lives as long as this context.
        SyncToAsync.thread_sensitive_context.reset(self.token)
        self.token = None
        await lease.end()


def current_lease() -> Lease | None:
    """Return the lease of the request in progress, if it decides in which thread sync code runs."""
    context = SyncToAsync.thread_sensitive_context.get(None)
    lease = context.lease if isinstance(context, RequestContext) else None
    return None if lease is None or lease.ended else lease
