"""Functions that know no queue."""

from rq import Retry

ran = []


def salt(grams=0, *, pepper=0):
    """Note what it was called with."""
    ran.append(grams + pepper)


def burn():
    """Fail."""
    raise ValueError("burnt")


def again():
    """Ask for another try once."""
    ran.append("again")
    return Retry(max=2) if ran.count("again") == 1 else None


def pay(card, pin=None):
    """Fail with what nobody may read."""
    raise ValueError(f"SECRET-message: {card}")
