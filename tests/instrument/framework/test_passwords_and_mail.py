"""Password hashing and mail: a span each, without anything that is nobody's business."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "hasher",
    ["django.contrib.auth.hashers.PBKDF2PasswordHasher", "smokesite.parts.SlowHasher"],
)
def test_hashing_and_verifying_are_spans(recorded, hasher):
    """A verification hashes, too, and is one span; also from async code, in a thread."""
    sink = recorded(f"""
    settings.PASSWORD_HASHERS = ["{hasher}"]
    from django.contrib.auth.hashers import acheck_password, check_password, make_password
    async def main():
        with tracer.start_as_current_span("view"):
            encoded = make_password("brisket", hasher="default")
            assert check_password("brisket", encoded)
            assert await acheck_password("brisket", encoded)
            assert not check_password("ribs", encoded)
    asyncio.run(main())
    """)
    spans = sorted(sink.named("password.hash"), key=lambda span: span.start)
    assert [span.attributes["overlap.password.operation"] for span in spans] == [
        "encode", "verify", "verify", "verify",
    ]  # fmt: skip
    view = sink.one("view")
    assert {span.parent_id for span in spans} == {view.span_id}
    assert {span.attributes["overlap.password.algorithm"] for span in spans} <= {
        "pbkdf2_sha256", "slow",
    }  # fmt: skip
    assert "brisket" not in str([vars(span) for span in sink.spans])
    assert "code.function.name" not in spans[0].attributes


def test_the_hashers_are_restored(recorded):
    """By shutdown(); before, they work without a span, too."""
    recorded("""
    from django.contrib.auth import hashers
    encoded = hashers.make_password("brisket")
    assert hashers.check_password("brisket", encoded)
    overlap.shutdown()
    assert not hasattr(hashers.get_hasher, "__wrapped__") or hashers.get_hasher.__module__ == (
        "functools")
    assert not hasattr(hashers.PBKDF2PasswordHasher.encode, "__wrapped__")
    assert not hasattr(hashers.PBKDF2PasswordHasher.verify, "__wrapped__")
    assert hashers.check_password("brisket", encoded)
    """)


def test_mail_is_a_span_without_addresses(recorded):
    """The backend, how many messages, and to how many."""
    sink = recorded("""
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": "smokesite.parts.SlowMail"}}
    else:
        settings.EMAIL_BACKEND = "smokesite.parts.SlowMail"
    from django.core import mail
    message = mail.EmailMessage("ribs", "hot", "pit@example.org",
        ["one@example.org", "two@example.org"], bcc=["three@example.org"])
    with tracer.start_as_current_span("view"):
        assert message.send() == 1
    assert len(mail.outbox) == 1
    overlap.shutdown()
    from smokesite.parts import SlowMail
    assert not hasattr(SlowMail.send_messages, "__wrapped__")
    """)
    span = sink.one("mail.send")
    assert span.parent_id == sink.one("view").span_id
    assert span.attributes["overlap.mail.backend"] == "smokesite.parts.SlowMail"
    assert span.attributes["overlap.mail.messages"] == 1
    assert span.attributes["overlap.mail.recipients"] == 3
    assert span.ms >= 20
    assert "example.org" not in str(vars(span))


def test_mail_that_fails_is_marked(recorded):
    """The exception is the backend's."""
    sink = recorded("""
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": "smokesite.parts.SlowMail"}}
    else:
        settings.EMAIL_BACKEND = "smokesite.parts.SlowMail"
    from django.core import mail
    from smokesite import parts
    def fail(_seconds): raise ConnectionRefusedError("no server")
    parts.time = type("clock", (), {"sleep": staticmethod(fail)})
    with tracer.start_as_current_span("view"):
        try:
            mail.EmailMessage("a", "b", "c@example.org", ["d@example.org"]).send()
            raise AssertionError
        except ConnectionRefusedError:
            pass
    """)
    assert sink.one("mail.send").status == 2
