"""Scenarios: an e-mail is sent through a real, slow mail server."""

from app.scenarios.terms import CALM, neighbours
from app.simulation import MAIL_NAP
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/mail.py"

SCENARIOS = [
    Scenario(
        name="mail",
        title="An e-mail, sent on the event loop",
        why="Django's send_mail talks to the mail server and waits for each reply, on the event "
        "loop. Three neighbours wait for a mail that is not theirs.",
        requests=(Request("/mail/"), *neighbours(MAIL_NAP)),
        expect=Expectation(
            shapes=frozenset({"blocking"}),
            never=frozenset({"lost", "background", "offloaded", "concurrent"}),
            culprit="in send",
            victims=("GET /", "GET /", "GET /"),
        ),
        pair="mail_thread",
        source=SOURCE,
    ),
    Scenario(
        name="mail_thread",
        title="An e-mail, sent in a thread",
        why="The same send_mail runs in a thread, so no neighbour is delayed. A thousand mails at "
        "once would need a thousand threads, or wait for a few.",
        requests=(Request("/mail/thread/"), *neighbours(MAIL_NAP)),
        expect=Expectation(
            shapes=frozenset({"offloaded"}),
            never=CALM | {"background", "concurrent", "serial"},
            offloaded=("send",),
            victims=(),
        ),
        pair="mail_awaited",
        source=SOURCE,
    ),
    Scenario(
        name="mail_awaited",
        title="An e-mail, awaited",
        why="aiosmtplib speaks SMTP on the loop itself and awaits each reply. The customer waits "
        "as long as before, but it uses no thread and delays no neighbour.",
        requests=(Request("/mail/awaited/"), *neighbours(MAIL_NAP)),
        expect=Expectation(
            shapes=frozenset({"single"}),
            never=CALM | {"background", "concurrent", "serial", "offloaded"},
            stages=(("send",),),
            victims=(),
        ),
        pair="mail",
        source=SOURCE,
    ),
]
