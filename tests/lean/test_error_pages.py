"""Django 6.2 renders error pages on the request's own thread: lean leases it one for that."""


def test_an_error_page_borrows_the_requests_thread(on_sqlite):
    """What it leaves in its connection, a transaction here, no other request sees."""
    outcome = on_sqlite(True, LEAN_ERROR_PAGES="1").play("error_pages")
    assert outcome == {
        "statuses": [404, 404],
        "threads": ["lean"],
        "same": True,
        "atomic": [False, False, False],
        "open": 0,
    }


def test_an_error_page_is_the_same_in_stock_django(on_sqlite):
    """There, each request makes a thread and leaves its connection to the collector."""
    outcome = on_sqlite(False, LEAN_ERROR_PAGES="1").play("error_pages")
    assert outcome["statuses"] == [404, 404]
    assert outcome["atomic"] == [False, False, False]
    assert not outcome["same"] or outcome["threads"] != ["lean"]
