"""Traced tests that pass, and whose traces have findings."""


async def test_burn(traced, async_client):
    await async_client.get("/burn/")


async def test_serial(traced, async_client):
    await async_client.get("/serial/")


async def test_burn_again(traced, async_client):
    await async_client.get("/burn/")


async def test_checkout(traced, async_client):
    await async_client.get("/checkout/")
