"""The spans of one trace as a tree, repaired where the input is incomplete or inconsistent.

`span_tree.Tree` is what every finding reads; `repair.repair` makes it.
"""
