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


def test_pictures_are_small(root):
    """A page of them loads quickly: none has more than 150 kB."""
    sizes = {path.name: path.stat().st_size for path in (root / "docs/pictures").glob("*.png")}
    assert {name: size for name, size in sizes.items() if size > 150_000} == {}


def test_lines_of_code_are_where_the_text_says(root):
    """`app/….py:77 in oversmoke`, in an example of output, is a line of that function."""
    for document in ("README.md", "docs/walk.md"):
        text = (root / document).read_text(encoding="utf-8")
        for file, line, function in re.findall(r"(app/[\w/]+\.py):(\d+) in (\w+)", text):
            lines = (root / file).read_text(encoding="utf-8").splitlines()[: int(line)]
            starts = [row for row in lines if re.match(r"(async )?def ", row)]
            assert re.search(rf"def {function}\(", starts[-1]), f"{document}: {file}:{line}"
