"""Sending an e-mail, by a real mail server that takes its time."""

from app.scenarios.terms import CALM, neighbours
from app.simulation import MAIL_NAP
from overlap.scenario import Expectation, Request, Scenario

SOURCE = "app/views/mail.py"

SCENARIOS = [
    Scenario(
        name="mail",
        title="An e-mail, sent on the event loop",
        why="Django's send_mail talks to the mail server and waits for each of its answers, and "
        "the event loop with it: three neighbours wait for somebody else's mail.",
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
        why="The same send_mail, and a thread does the waiting: no neighbour notices. A thousand "
        "mails at once would be a thousand threads, or a queue before a few.",
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
        why="aiosmtplib speaks SMTP on the loop itself, and awaits each answer: as long for the "
        "one who orders, no thread, and no neighbour notices.",
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
