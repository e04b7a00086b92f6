"""WebSocket connections: a span for each connection and for each message, with links between them.

`install.instrument_websockets` switches it on; nothing else is imported from outside.
"""
