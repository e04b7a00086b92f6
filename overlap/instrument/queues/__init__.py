"""Task queues: a span where a task is sent, one where it runs in a worker, in one trace.

`install.instrument_queues` switches all of them on; each queue has a module of its own, and
`messages` has what they share. Nothing else is imported from outside.
"""
