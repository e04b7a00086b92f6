"""What may leave a name of a trace: printable text, and nothing that moves or turns it."""

import unicodedata
from html.parser import HTMLParser

_NOT_TEXT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
MOST_MARKS = 8
"""Combining marks on one letter: more run over the lines above and below."""


def assert_printable(text: str, *, also: str = "\n") -> None:
    """Fail for an escape, a control or bidirectional character, or a pile of accents."""
    marks = 0
    for at, char in enumerate(text):
        category = unicodedata.category(char)
        assert char in also or category not in _NOT_TEXT, (
            f"{char!a} ({category}) {text[max(0, at - 20) : at + 20]!a}"
        )
        marks = marks + 1 if category in _MARKS else 0
        assert marks <= MOST_MARKS, f"a pile of marks {text[max(0, at - 30) : at + 5]!a}"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def assert_harmless(html: str) -> None:
    """Fail for a page that runs something, leads elsewhere, or shows what is not text."""
    page = _Page()
    page.feed(html)
    page.close()
    for tag, attributes in page.tags:
        assert tag not in ("img", "iframe", "object", "embed", "base"), tag
        if tag == "script":
            assert (attributes.get("src") or "").startswith("/static/"), attributes
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} {name}"
            assert name != "style", f"{tag} {name}: the policy forbids it"
            if name in ("href", "src", "action"):
                assert (value or "").startswith(("/", "#", "http://127.0.0.1", "?")), (
                    f"{tag} {value!a}"
                )
            assert_printable(value or "")
    for text in page.text:
        assert_printable(text, also="\n\t")
