"""What the bench prints and writes: tables, and two pages of the docs.

`tables` is used by the command; the other two are run with `python -m`.
"""
