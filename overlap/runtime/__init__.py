"""Below `lens` and `instrument`: stacks, tasks, clocks, signals, replaced loop methods, guards.

Both import its modules directly; it imports neither of them.
"""
