"""Sending an e-mail: on the loop, in a thread, and awaited."""

import asyncio
from email.message import EmailMessage

import aiosmtplib
from django.core.mail import send_mail
from django.http import HttpResponse
from opentelemetry import trace

from app.settings import MAIL_URL

SUBJECT, BODY = "Your order", "It is in the smoker."
SENDER, GUEST = "pit@smokehouse.example", "guest@smokehouse.example"
tracer = trace.get_tracer("smokehouse")


@tracer.start_as_current_span("send")
def send() -> None:
    send_mail(SUBJECT, BODY, SENDER, [GUEST])


@tracer.start_as_current_span("send")
async def send_async() -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = SUBJECT, SENDER, GUEST
    message.set_content(BODY)
    await aiosmtplib.send(message, hostname=MAIL_URL.hostname, port=MAIL_URL.port)


async def mail_on_the_loop(request):
    send()
    return HttpResponse("You have mail.")


async def mail_in_a_thread(request):
    await asyncio.to_thread(send)
    return HttpResponse("You have mail.")


async def mail_awaited(request):
    await send_async()
    return HttpResponse("You have mail.")
