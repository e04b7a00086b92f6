"""Mutations of the views that read a slow file."""

from mutation import Mutation

FILES = "app.views.files"
ON_THE_LOOP = "        return HttpResponse(read(file))\n"

MUTATIONS = [
    Mutation(
        "file_in_a_thread_after_all",
        "file",
        FILES,
        ON_THE_LOOP,
        "        return HttpResponse(await asyncio.to_thread(read, file))\n",
        "expected the shape blocking",
    ),
    Mutation(
        "file_thread_forgotten",
        "file_thread",
        FILES,
        "        return HttpResponse(await asyncio.to_thread(read, file))\n",
        ON_THE_LOOP,
        "the shape blocking is there",
    ),
    Mutation(
        "file_awaited_in_a_thread",
        "file_awaited",
        FILES,
        "        return HttpResponse(await read_async(file))\n",
        "        return HttpResponse(await asyncio.to_thread(read, file))\n",
        "the shape offloaded is there",
    ),
]
