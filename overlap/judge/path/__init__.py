"""The critical path: of the children of one span, and of a whole request, with self-time.

`awaited` says which children a span waited for, `group_path` which of them decided when it
ended, `main_request` which request a trace is about, `request_path` its path in segments.
"""
