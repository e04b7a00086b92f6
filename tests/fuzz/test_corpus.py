"""Every input that the fuzzer kept still does no harm; the fuzzer itself finds what is planted."""

import re
import subprocess
import sys
from random import Random

import pytest

from tests.fuzz import engine
from tests.fuzz.mutation import mutated
from tests.fuzz.printable import assert_harmless, assert_printable
from tests.fuzz.targets import NAMES
from tests.fuzz.targets.environment import VARIABLES


@pytest.mark.parametrize("name", NAMES)
def test_kept_inputs_do_no_harm(root, name):
    """Seeds, the corpus and what once failed: each in a process of the target's own."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.fuzz", "--alone", name, "--replay"]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert found.returncode == 0, (found.stdout + found.stderr)[-4000:]


def test_every_variable_is_fuzzed(root):
    """Whatever name of one stands in the code, the environment's target sets it."""
    found = set()
    for path in (root / "overlap").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'"((?:OVERLAP|OTEL)_[A-Z_]+[A-Z])"', text))
    beginnings = {"OTEL_BSP", "OTEL_BLRP"}
    assert found - beginnings <= set(VARIABLES)
    assert len(found) > 30


class Planted:
    """Fails for JSON whose number is large: no seed does."""

    name = "planted"

    def seeds(self):
        return [b'{"spans": [{"n": 1}]}']

    def check(self, data):
        import json

        try:
            number = json.loads(data)["spans"][0]["n"]
        except Exception:
            return
        if isinstance(number, int) and number > 1000:
            raise ZeroDivisionError


def test_a_planted_failure_is_found_kept_and_made_small(tmp_path, monkeypatch):
    """Kept once, however often it fails; the rest of the input goes."""
    monkeypatch.setattr(engine, "HERE", tmp_path)
    said = []
    result = engine.fuzz(Planted(), 2, said.append, seed=1)
    assert [place.partition(" ")[0] for place in result.failures] == ["ZeroDivisionError"]
    (path,) = (tmp_path / "found" / "planted").iterdir()
    assert "ZeroDivisionError" in engine.failure(Planted(), path.read_bytes())
    assert len(said) == 1


def test_mutations_are_the_seeds():
    """The same seed gives the same inputs, so that a run can be repeated."""
    seed = b'{"a": [1, "b", null]}'
    one, other = (
        [mutated(seed, [seed], random) for _ in range(200)] for random in (Random(1), Random(1))
    )
    assert one == other
    assert len(set(one)) > 100


@pytest.mark.parametrize("text", ["\x1b[2J", "\u202e", "\u200b", "z" + "\u0301" * 20, "\ud800"])
def test_what_is_not_text_is_noticed(text):
    """The check of every target fails for what a name must not bring."""
    with pytest.raises(AssertionError):
        assert_printable(text)


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>", "<p onclick=x>", "<img src=x>", "<a href='javascript:x'>",
        "<p style='x'>", "<p title='\u202e'>", "<p>\x1b</p>",
    ],
)  # fmt: skip
def test_what_a_page_must_not_hold_is_noticed(html):
    """Code, a foreign address, a style, and what is not text."""
    with pytest.raises(AssertionError):
        assert_harmless(html)
