"""What Django itself does for a request: caches, templates, passwords, mail, signals, middleware.

Cheap calls are added up in attributes of the current span (`amounts.py`). One that takes 5 ms or
longer is a span of its own (`slow_parts.py`). Each module has one `instrument_…` or `time_…`
function that returns its own undo.
"""
