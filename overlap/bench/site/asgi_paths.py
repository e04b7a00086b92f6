"""Where a measured server tells of itself."""

SERVED = "/-/served"
"""Answers how many requests came, this one and its like not counted."""
