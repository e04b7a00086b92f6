"""Below `lens` and `instrument`: stacks, tasks, thread clocks, replaced loop methods, guards.

Both import its modules directly; it imports neither of them.
"""
