"""Is the service up? Status 0 if it is, 1 with one line if not: docker-compose.yml's healthchecks.

`python -m app.probe http://127.0.0.1:8000/health/` is up if it answers 2xx,
`python -m app.probe smtp://127.0.0.1:8025` if it greets,
`python -m app.probe file:///tmp/pulse --within 30` if it was touched that many seconds ago at most.
"""

import argparse
import http.client
import smtplib
import sys
import time
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

TIMEOUT_S = 4.0
# Asks not to be sampled: httpbin has no path of its own for this, and would trace each question.
UNSAMPLED = {"traceparent": f"00-{'5a' * 16}-{'a5' * 8}-00"}


def main() -> int:
    """Ask once."""
    parser = argparse.ArgumentParser(prog="python -m app.probe", description=__doc__)
    parser.add_argument("url", type=urlsplit)
    parser.add_argument("--within", type=float, default=30.0, metavar="SECONDS")
    args = parser.parse_args()
    try:
        trouble = _trouble(args.url, args.within)
    except (OSError, http.client.HTTPException, smtplib.SMTPException) as error:
        trouble = f"{error or type(error).__name__}"
    if trouble:
        print(f"{args.url.geturl()}: {trouble}", file=sys.stderr)
    return 1 if trouble else 0


def _trouble(url: SplitResult, within_s: float) -> str:
    """What is wrong with it; empty if nothing is."""
    if url.scheme == "file":
        age_s = time.time() - Path(url.path).stat().st_mtime
        return "" if age_s <= within_s else f"no sign of life for {age_s:.0f} s"
    if url.scheme == "smtp":
        with smtplib.SMTP(url.hostname or "", url.port or 25, timeout=TIMEOUT_S):
            return ""
    connection = http.client.HTTPConnection(url.netloc, timeout=TIMEOUT_S)
    connection.request("GET", url.path or "/", headers=UNSAMPLED)
    status = connection.getresponse().status
    connection.close()
    return "" if 200 <= status < 300 else f"it answered {status}"


if __name__ == "__main__":
    sys.exit(main())
