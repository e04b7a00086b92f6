"""Every block of code in the documentation runs in a test, or says that it does not."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import NO_CODE, blocks, pages
from tests.docs.session import Session, commands

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = [block for page in pages(ROOT) for block in blocks(page, ROOT)]
LIVE = ("run", "serve", "file")
NO_PROOF = ("make", "python", ".venv/bin/python", "manage.py", "docker", "compose")
PAGES = list(dict.fromkeys(block.page for block in BLOCKS if block.kind in LIVE))


def test_pages_with_code_are_found():
    """The pages that a newcomer follows are among those that run."""
    assert {"docs/how-to/own-project.md", "docs/how-to/tests.md"} <= set(PAGES)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_each_block_is_tested_or_says_that_it_is_not(block):
    """A comment in front of it says how, or a line behind it tells the reader that it is not."""
    if block.language in NO_CODE:
        return
    assert block.language, f"{block}: name the language"
    assert bool(block.kind) != block.said, f"{block}: tested how, or `*Not tested: why.*`?"


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.kind == "compile"], ids=str)
def test_fragments_compile(block):
    """A fragment that needs a whole project around it is at least Python."""
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.kind == "proved by"], ids=str)
def test_proofs_exist(block):
    """A block that another test proves names its files; they mention the page, or each command."""
    proofs = "".join((ROOT / name).read_text("utf-8") for name in block.argument.split(", "))
    if Path(block.page).name in proofs:
        return
    assert block.language == "console", f"{block}: {block.argument} does not mention the page"
    for command, _ in commands(block.text):
        words = [word for word in command.split() if word not in NO_PROOF]
        assert words[0] in proofs, f"{block}: {block.argument} does not mention {words[0]!r}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
def test_page_runs(page, tmp_path):
    """Its files are written, its commands run, and what they print is what the page says."""
    session = Session(tmp_path)
    try:
        for block in BLOCKS:
            if block.page == page and block.kind in LIVE:
                run(session, block)
    finally:
        session.close()


def run(session, block):
    """Do what one block says."""
    if block.kind == "file":
        session.write(block.argument, block.text)
    elif block.kind == "run":
        status = re.search(r"exit (\d+)", block.argument)
        session.run(block.text, int(status[1]) if status else 0)
    else:
        path = re.search(r"GET (\S+)", block.argument)
        session.serve(block.text, path[1] if path else "")
