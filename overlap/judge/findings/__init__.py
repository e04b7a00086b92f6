"""What a trace shows, one kind of finding a module: groups, stages, blocks, threads, queues.

Each takes a `Tree` and returns plain data of `judge.model`; `judge.verdict` collects them.
"""
