"""Load on a server: saturation, bursts, requests in flight, clients that disconnect.

Each module is one kind of load and returns its raw figures; `bench.trial` runs them.
"""
