"""What Django itself does for a request: caches, templates, passwords, mail, signals."""

from __future__ import annotations

# --- what Django itself does --------------------------------------------------------
CACHE_CALLS = "overlap.cache.calls"
"""On a span: how many calls of Django's caches ran under it, on any backend, sync or async."""
CACHE_MS = "overlap.cache.duration_ms"
"""On the same span: how long they took in total, in milliseconds."""
CACHE_BACKEND = "overlap.cache.backend"
"""On a span `cache.get`, `cache.set_many` and so on: the backend's class, by its dotted name. A
call of 5 ms or longer has such a span, unless the cache's own client has made one in it."""
TEMPLATE_RENDERS = "overlap.template.renders"
"""On a span: how many templates were rendered under it, not counting those inside others."""
TEMPLATE_MS = "overlap.template.duration_ms"
"""On the same span: how long that took in total, in milliseconds, with the queries in it."""
SPAN_TEMPLATE = "template.render"
"""A template that took 5 ms or longer. Where spans began in it, it has a span from the next time
on, until it is faster: only a span that begins before them can be their parent."""
TEMPLATE_NAME = "overlap.template.name"
"""On `template.render`: the template's name."""
SPAN_PASSWORD = "password.hash"  # noqa: S105
"""A password was hashed or verified, which is slow on purpose."""
PASSWORD_ALGORITHM = "overlap.password.algorithm"  # noqa: S105
"""On `password.hash`: the hasher's name, `pbkdf2_sha256`."""
PASSWORD_OPERATION = "overlap.password.operation"  # noqa: S105
"""On `password.hash`: `encode` or `verify`."""
SPAN_MAIL = "mail.send"
"""Messages were handed to a mail backend. Neither addresses nor subjects are recorded."""
MAIL_BACKEND = "overlap.mail.backend"
"""On `mail.send`: the backend's class, by its dotted name."""
MAIL_MESSAGES = "overlap.mail.messages"
"""On `mail.send`: how many messages."""
MAIL_RECIPIENTS = "overlap.mail.recipients"
"""On `mail.send`: how many recipients they have in total."""
RECEIVERS_CALLS = "overlap.receivers.calls"
"""On a span: how many sync receivers of Django's signals ran under it."""
RECEIVERS_MS = "overlap.receivers.duration_ms"
"""On the same span: how long they took in total, in milliseconds."""
RECEIVERS_IN_THREAD = "overlap.receivers.in_thread"
"""On a span: the sync receivers that `asend` had to run in a thread, by their dotted names. All of
one signal run there one after another."""
SPAN_RECEIVER = "signal.receiver"
"""A sync receiver of a signal that took 5 ms or longer; see `template.render` for the spans in it.
`code.function.name` is its dotted name."""
SYNC_MIDDLEWARE_MS = "overlap.sync_middleware.duration_ms"
"""On a server span under ASGI: how long each sync middleware took itself, without what is inside
it, in milliseconds; in the order of SYNC_MIDDLEWARE."""
DB_POOL_WAIT_MS = "overlap.db.pool_wait_ms"
"""On a span: how long Django waited in total for a connection of psycopg's pool. It is a part of
DB_CONNECT_MS. A wait of 5 ms or longer is a span `connection_pool.wait`."""


def cache_span(operation: str) -> str:
    """Return the name of a cache call's span."""
    return f"cache.{operation}"
