"""Read the fenced code blocks of a page, and how each is tested.

A block with a title is a file of that name, which the commands of its page find. For another, a
comment in front of it says how: `<!-- test: run -->` and the like, see `KINDS`. A block with
neither needs a line in italics behind it that tells the reader: `*Not tested: …*`. Drawings and
samples of output, in blocks of `text`, are no code.
"""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r'^(?P<indent> *)```(?P<language>\w*)(?: title="(?P<file>[^"]+)")?\n'
    r"(?P<text>.*?)^(?P=indent)```$",
    re.M | re.S,
)
MARKER = re.compile(r"<!-- test: (?P<how>.+?) -->\n\Z")
SAID = re.compile(r"\A\n\n\*(Not |Tested in )[^*]+\*$", re.M)
KINDS = ("run", "file", "serve", "compile", "proved by")
NO_CODE = ("text",)


@dataclass(frozen=True)
class Block:
    """One block of code, and where it stands."""

    page: str
    line: int
    language: str
    text: str
    how: str
    """What the comment in front of it says; empty without one."""
    said: bool
    """Whether the line behind it tells the reader that it is not tested here."""

    @property
    def kind(self):
        """The kind of test, one of `KINDS`; empty without one."""
        return next((kind for kind in KINDS if re.match(rf"{kind}\b", self.how)), "")

    @property
    def argument(self):
        """What follows the kind: a file's name, what to get."""
        return self.how.removeprefix(self.kind).lstrip(", ")

    def __str__(self):
        return f"{self.page}:{self.line}"


def pages(root):
    """Return every page whose blocks are tested: the README, the docs, how to contribute."""
    found = sorted((root / "docs").rglob("*.md"))
    return [root / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + found


def blocks(page: Path, root: Path) -> list[Block]:
    """Return the blocks of one page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        marker = MARKER.search(before)
        how = marker["how"] if marker else ""
        found.append(
            Block(
                page=str(page.relative_to(root)),
                line=before.count("\n") + 1,
                language=match["language"],
                text=match["text"],
                how=f"file {match['file']}" if match["file"] else how,
                said=bool(SAID.match(after)),
            )
        )
    return found
