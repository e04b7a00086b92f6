"""Mutations of the views that send an e-mail."""

from mutation import Mutation

MAIL = "app.views.mail"

MUTATIONS = [
    Mutation(
        "mail_in_a_thread_after_all",
        "mail",
        MAIL,
        "    send()\n",
        "    await asyncio.to_thread(send)\n",
        "expected the shape blocking",
    ),
    Mutation(
        "mail_thread_forgotten",
        "mail_thread",
        MAIL,
        "    await asyncio.to_thread(send)\n",
        "    send()\n",
        "the shape blocking is there",
    ),
    Mutation(
        "mail_awaited_in_a_thread",
        "mail_awaited",
        MAIL,
        "    await send_async()\n",
        "    await asyncio.to_thread(send)\n",
        "the shape offloaded is there",
    ),
]
