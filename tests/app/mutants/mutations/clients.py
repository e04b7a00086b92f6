"""Mutations of the views with one HTTP client, or one for each call."""

from mutation import Mutation

CLIENTS = "app.views.clients"

MUTATIONS = [
    Mutation(
        "clients_shared_after_all",
        "clients_each",
        CLIENTS,
        "        async with new_client() as client:\n            await client.get(UPSTREAM_URL)\n",
        "        await upstream.get()\n",
        "expected the stages {new client}, {GET}",
    ),
    Mutation(
        "clients_not_shared",
        "clients",
        CLIENTS,
        "        await upstream.get()\n",
        "        async with new_client() as client:\n            await client.get(UPSTREAM_URL)\n",
        "expected the stages {GET}, {GET}",
    ),
]
