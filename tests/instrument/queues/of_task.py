"""The spans of one task, as the tests of every queue look at them."""


def first_message(sink, operation, task):
    """A task's first message: the span in which it was sent, and those of its runs."""
    (sent, *_) = sorted(sink.named(f"{operation} {task}"), key=lambda span: span.start)
    message = sent.attributes["messaging.message.id"]
    runs = [
        each
        for each in sink.named(f"run {task}")
        if each.attributes["messaging.message.id"] == message
    ]
    return sent, sorted(runs, key=lambda span: span.start)
