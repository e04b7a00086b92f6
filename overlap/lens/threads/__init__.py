"""Calls in threads: how long each was queued, ran and computed, and for whose request."""

from overlap.lens.threads.work import OBSERVERS, ThreadSpans, Work

__all__ = ["OBSERVERS", "ThreadSpans", "Work"]
