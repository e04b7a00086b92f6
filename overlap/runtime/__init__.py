"""The running interpreter: where a thread or a task stands, and methods of a loop replaced on it.

Below `lens` and `instrument`, which both import its modules directly; it imports neither.
"""
