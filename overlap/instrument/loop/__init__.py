"""The event loop: a watchdog that reports what blocks it, and the metrics of its delay.

`watched_loops.Watch` is what the instrument switches on; the rest is imported from here only.
"""
