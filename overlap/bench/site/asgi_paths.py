"""The path at which a measured server reports its request count."""

SERVED = "/-/served"
"""Answers with the number of requests received, except those to this path."""
