"""Mutations of the CPU-bound work."""

from mutation import Mutation

CPU = "app.views.cpu"

MUTATIONS = [
    Mutation(
        "cpu_in_a_thread",
        "cpu",
        CPU,
        "    grind(GRIND)\n",
        "    await asyncio.to_thread(grind, GRIND)\n",
        "expected the shape blocking",
    ),
    Mutation(
        "cpu_threads_in_turn",
        "cpu_threads",
        CPU,
        "await asyncio.gather(asyncio.to_thread(grind, GRIND), asyncio.to_thread(grind, GRIND))",
        "[await asyncio.to_thread(grind, GRIND) for _ in range(2)]",
        "expected the shape concurrent",
    ),
    Mutation(
        "cpu_processes_are_threads",
        "cpu_processes",
        CPU,
        "in_a_process(grind, GRIND)",
        "asyncio.to_thread(grind, GRIND)",
        "the shape offloaded is there",
        times=2,
    ),
    Mutation(
        "cpu_celery_waits",
        "cpu_celery",
        CPU,
        "    await sync_to_async(tasks.grind_pepper.delay)()\n",
        "    await in_a_process(grind, GRIND)\n",
        "expected the shape background",
    ),
]
