"""Check that no built page loads anything from another site."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

LOADED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "link": "href",
}  # fmt: skip
NOT_LOADED = {"canonical", "alternate", "prev", "next"}
"""Values of a link's rel that tell where something is, and load nothing."""
_ELSEWHERE = re.compile(r"^(https?:)?//")
_IN_CSS = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")


def external_requests(site: Path) -> list[str]:
    """Return `file: address` for each address on another host that a page would load."""
    found = [
        f"{path.relative_to(site)}: {address}"
        for path in sorted(site.rglob("*.html"))
        for address in in_html(path.read_text(encoding="utf-8"))
    ]
    found += [
        f"{path.relative_to(site)}: {address}"
        for path in sorted(site.rglob("*.css"))
        for address in _IN_CSS.findall(path.read_text(encoding="utf-8"))
    ]
    return found


def in_html(text: str) -> list[str]:
    """Return the addresses on other hosts that this page loads."""
    parser = _Loads()
    parser.feed(text)
    return parser.found + _IN_CSS.findall(text)


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        address = values.get(LOADED.get(tag, "")) or ""
        if tag == "link" and values.get("rel") in NOT_LOADED:
            return
        if _ELSEWHERE.match(address):
            self.found.append(address)
