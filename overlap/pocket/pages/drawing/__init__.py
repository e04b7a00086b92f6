"""A judged trace as the templates draw it: rows, bars, lanes and badges.

`judged_traces` and `waterfall` are what the pages use.
"""
