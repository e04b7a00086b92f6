"""Mutations of the views that gather calls with sync_to_async."""

from mutation import Mutation

THREADS = "app.views.threads"

MUTATIONS = [
    Mutation(
        "sensitive_to_nothing",
        "thread_sensitive",
        THREADS,
        "thread_sensitive=True",
        "thread_sensitive=False",
        "the shape concurrent is there",
    ),
    Mutation(
        "insensitive_no_more",
        "thread_insensitive",
        THREADS,
        "thread_sensitive=False",
        "thread_sensitive=True",
        "expected the shape concurrent",
    ),
]
