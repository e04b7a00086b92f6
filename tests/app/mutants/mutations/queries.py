"""Mutations of the views that query the database."""

from mutation import Mutation

QUERIES = "app.views.queries"

MUTATIONS = [
    Mutation(
        "queries_on_connections_of_their_own",
        "orm_gather",
        QUERIES,
        "*[Meat.objects.slow().afirst() for _ in range(QUERIES)]",
        "*[first_meat_of_its_own_connection() for _ in range(QUERIES)]",
        "the shape concurrent is there",
    ),
    Mutation(
        "connections_shared",
        "orm_at_once",
        QUERIES,
        "thread_sensitive=False",
        "thread_sensitive=True",
        "expected the shape concurrent",
    ),
    Mutation(
        "async_queries_one_after_the_other",
        "orm_async",
        "app.views.async_queries",
        "await asyncio.gather(*[first_meat() for _ in range(QUERIES)])",
        "[await first_meat() for _ in range(QUERIES)]",
        "expected the shape concurrent",
    ),
    Mutation(
        "rows_joined_after_all",
        "orm_loop",
        QUERIES,
        "        smoker = await Smoker.objects.far().aget(pk=meat.smoker_id)\n",
        "        smoker = meat.smoker_id\n",
        "expected the stages {SELECT smokehouse_meat}, {SELECT smokehouse_smoker}",
    ),
    Mutation(
        "select_related_forgotten",
        "orm_select_related",
        QUERIES,
        '    async for meat in Meat.objects.far().select_related("smoker").order_by("pk"):\n',
        '    async for meat in Meat.objects.far().order_by("pk"):\n'
        "        meat.smoker = await Smoker.objects.far().aget(pk=meat.smoker_id)\n",
        "expected the stages {SELECT smokehouse_meat}",
    ),
    Mutation(
        "menu_asks_ten_times",
        "menu",
        QUERIES,
        "    meat = await Meat.objects.slow().afirst()\n",
        "    for _ in range(10):\n        meat = await Meat.objects.slow().afirst()\n",
        "expected GET /menu_asks_ten_times/menu/ to take 0.5 to 2.0 times",
    ),
]
