"""The soak: an instrumented server under mixed traffic, pocket, a backend that comes and goes.

`make soak` runs it; `python -m tests.soak --help` lists its options. At the end it checks that
nothing has grown, nothing is left over, and every span was received or counted as dropped.

What has a bound is filled before the first measurement, a fifth of the time: pocket keeps 1,000
spans, with which it is filled at the start, and surveys the last tenth of the time, not an hour.
"""
