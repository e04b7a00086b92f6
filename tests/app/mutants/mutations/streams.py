"""Mutations of the streaming responses."""

from mutation import Mutation

STREAMS = "app.views.streams"

MUTATIONS = [
    Mutation(
        "stream_made_whole_first",
        "stream",
        STREAMS,
        "    for number in range(PARTS):\n        yield await slice_brisket(number)\n",
        "    for part in [await slice_brisket(number) for number in range(PARTS)]:\n"
        "        yield part\n",
        "first part after 0.0 to 0.6 of its time",
    ),
    Mutation(
        "stream_sync_made_async",
        "stream_sync",
        STREAMS,
        "StreamingHttpResponse(slices_sync(),",
        "StreamingHttpResponse(slices(),",
        "expected the shape offloaded",
    ),
    Mutation(
        "events_come_to_an_end",
        "events",
        STREAMS,
        "in count():",
        "in range(1):",
        "answered 200 before its client disconnected",
    ),
]
