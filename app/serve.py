"""Run the app under uvicorn, as `uvicorn app.asgi:application`, and print the stack's addresses.

`python -m app.serve --host 0.0.0.0 --port 8000`
"""

import argparse
import socket

import uvicorn

from app.settings import URLS


class Server(uvicorn.Server):
    """A uvicorn server that prints the addresses of the stack once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and URLS:
            print(URLS, flush=True)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m app.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    args = parser.parse_args()
    # No access log: each request has a trace, and the addresses stay the last line.
    config = uvicorn.Config(
        "app.asgi:application", host=args.host, port=args.port, access_log=False
    )
    Server(config).run()


if __name__ == "__main__":
    main()
