"""The mail server: takes every mail after a while, says so, and delivers none.

`python -m app.mail --port 8025`
"""

import argparse
import asyncio
import signal
from contextlib import suppress

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.simulation import MAIL_NAP


class Mailbox:
    """What is done with a mail."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take one mail, as slowly as somebody else's server does."""
        await asyncio.sleep(MAIL_NAP)
        print(f"from {envelope.mail_from} to {', '.join(envelope.rcpt_tos)}", flush=True)
        return "250 Message accepted for delivery"


async def serve(host: str, port: int) -> None:
    """Take mail until SIGTERM or Ctrl-C."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, told.set)
    # A name of its own: else it asks the DNS for the machine's.
    server = await loop.create_server(
        lambda: SMTP(Mailbox(), hostname="mail.smokehouse.example", loop=loop), host, port
    )
    await told.wait()
    server.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(server.wait_closed(), 1)


def main() -> None:
    """Serve on loopback."""
    parser = argparse.ArgumentParser(prog="python -m app.mail", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8025)
    args = parser.parse_args()
    asyncio.run(serve(args.host, args.port))


if __name__ == "__main__":
    main()
