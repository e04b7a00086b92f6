"""Background tasks: started with `overlap.spawn`, traced, drained at shutdown, reported when lost.

`spawn.spawn`, `drain.drain` and `process_journal.start_journal` are what others use.
"""
