"""What the README says of the demo is what the demo is."""

import re

from app import readme
from app.scenarios import SCENARIOS
from otel.native.stack import Ports


def test_lessons_are_those_of_the_scenarios(root):
    """The table of lessons is what `make readme` writes."""
    text = (root / "README.md").read_text(encoding="utf-8")
    assert readme.written(text) == text


def test_pairs_and_sources_exist(root):
    """A lesson's pair is a lesson, and its view stands where it says."""
    names = {lesson.name for lesson in SCENARIOS}
    assert {lesson.pair for lesson in SCENARIOS if lesson.pair} <= names
    assert all((root / lesson.source).is_file() for lesson in SCENARIOS)


def test_ports_are_the_demos(root):
    """The ports of the README's URLs are the defaults of `make demo`, or the stack's."""
    text = (root / "README.md").read_text(encoding="utf-8")
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    ports = set(re.findall(r"\w+://127\.0\.0\.1:(\d+)", text))
    demos = set(re.findall(r"^\w+_PORT \?= (\d+)", makefile, re.M))
    assert demos <= ports
    assert ports - demos <= {"3000", *map(str, vars(Ports()).values())}


def test_make_targets_exist(root):
    """Every `make` command that the README names is a target."""
    text = (root / "README.md").read_text(encoding="utf-8")
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|[`$ ])make ([a-z-]+)", text, re.M)) - {"it"}
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.M))


def test_pictures_exist(root):
    """Every picture that the README shows is there."""
    text = (root / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert pictures
    assert [name for name in pictures if not (root / name).is_file()] == []
