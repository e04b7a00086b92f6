"""Bring the spans of each trace together, however they are spread over the input, and sum them up.

Spans are divided by trace id into parts, in memory as long as they are few, then in files. A part
holds all spans of its traces, and is judged alone: memory is that of one part for each worker,
whatever the input is. So a trace needs no end, and no order: nothing waits for its last span.
"""
