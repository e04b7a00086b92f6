"""The first request of a process, where importing the URLconf takes long."""


async def test_first_request(traced, async_client):
    await async_client.get("/checkout/")
    assert traced.shape == "concurrent"
    assert not traced.blocked
