"""The broker that needs no server: a folder, and messages that appear whole."""

import threading

from kombu import Connection, Queue

from app import broker  # noqa: F401  the scheme `folders://`

MESSAGES = 100


def test_no_message_is_seen_before_it_is_whole(tmp_path):
    """One side writes as fast as it can, the other looks as often as it can: all come, once."""
    queue = Queue("meats")
    url = f"folders://localhost{tmp_path}/broker"
    body = {"meat": "brisket" * 10_000}

    def send():
        with Connection(url) as connection, connection.Producer() as producer:
            for number in range(MESSAGES):
                producer.publish(
                    {**body, "number": number}, routing_key=queue.name, declare=[queue]
                )

    sender = threading.Thread(target=send)
    sender.start()
    seen = []
    with Connection(url) as connection, connection.SimpleQueue("meats") as meats:
        while len(seen) < MESSAGES:
            message = meats.get(timeout=30)
            seen.append(message.payload["number"])
            message.ack()
    sender.join()
    assert sorted(seen) == list(range(MESSAGES))
    assert list((tmp_path / "broker" / "messages").iterdir()) == []
