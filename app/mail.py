"""The demo's mail server: accepts every mail after a delay, prints it, and delivers none.

`python -m app.mail --port 8025`
"""

import argparse
import asyncio
import signal
from contextlib import suppress

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.simulation import MAIL_NAP


class Mailbox:
    """The handler for received mail."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Accept one mail, as slowly as a remote server."""
        await asyncio.sleep(MAIL_NAP)
        print(f"from {envelope.mail_from} to {', '.join(envelope.rcpt_tos)}", flush=True)
        return "250 Message accepted for delivery"


async def serve(host: str, port: int) -> None:
    """Accept mail until SIGTERM or Ctrl-C."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, stop.set)
    # Without a hostname, SMTP would ask the DNS for the machine's.
    server = await loop.create_server(
        lambda: SMTP(Mailbox(), hostname="mail.smokehouse.example", loop=loop), host, port
    )
    await stop.wait()
    server.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(server.wait_closed(), 1)


def main() -> None:
    """Run the server, by default on loopback."""
    parser = argparse.ArgumentParser(prog="python -m app.mail", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8025)
    args = parser.parse_args()
    asyncio.run(serve(args.host, args.port))


if __name__ == "__main__":
    main()
