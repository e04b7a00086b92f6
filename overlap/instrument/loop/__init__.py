"""The event loop: a watchdog that reports what blocks it, and the metrics of its delay.

`watched_loops.WatchedLoops` is what instrument() starts; nothing else is imported from outside.
"""
