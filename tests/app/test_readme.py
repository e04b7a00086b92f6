"""What the README and the docs say of the demo is what the demo is."""

import re

import pytest

from app import readme
from app.scenarios import SCENARIOS
from otel.native.stack import Ports


@pytest.fixture(scope="module")
def documents(pytestconfig):
    """The text of the README and of every page of the docs, by path."""
    root = pytestconfig.rootpath
    paths = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]
    return {path: path.read_text(encoding="utf-8") for path in paths}


def test_the_readme_sells_and_stops(root):
    """It has 200 lines at most: everything else is in the docs, once."""
    assert len((root / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


def test_the_readme_stands_alone(root):
    """A package index shows it without the files beside it: no relative link, no picture of one."""
    text = (root / "README.md").read_text(encoding="utf-8")
    assert [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link] == []


def test_the_readmes_predictions_are_among_those_measured(root):
    """Four rows of docs/explanation/predictions.md, which `make predictions` writes."""
    page = (root / "docs" / "explanation" / "predictions.md").read_text("utf-8").splitlines()
    rows = [
        row for row in (root / "README.md").read_text("utf-8").splitlines() if "ms | yes" in row
    ]
    assert len(rows) == 4
    assert set(rows) <= set(page)


def test_lessons_are_those_of_the_scenarios(root):
    """The table of lessons is what `make readme` writes."""
    assert readme.PAGE.read_text(encoding="utf-8") == readme.page()


def test_pairs_and_sources_exist(root):
    """A lesson's pair is a lesson, and its view stands where it says."""
    names = {lesson.name for lesson in SCENARIOS}
    assert {lesson.pair for lesson in SCENARIOS if lesson.pair} <= names
    assert all((root / lesson.source).is_file() for lesson in SCENARIOS)


def test_ports_are_the_demos(root, documents):
    """The ports of the demo's URLs are the defaults of `make demo`; the stack's are the stack's."""
    pages = (
        "README.md",
        "docs/tutorial/index.md",
        "docs/how-to/stack.md",
        "docs/how-to/grafana.md",
    )
    text = "".join(documents[root / page] for page in pages)
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    ports = set(re.findall(r"\w+://127\.0\.0\.1:(\d+)", text))
    demos = set(re.findall(r"^\w+_PORT \?= (\d+)", makefile, re.M))
    assert demos <= ports
    assert ports - demos <= {"3000", *map(str, vars(Ports()).values())}


def test_make_targets_exist(root, documents):
    """Every `make` command that the documentation names is a target."""
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    for path, text in documents.items():
        named = set(re.findall(r"(?:^\$ |`)make ([a-z-]+)", text, re.M))
        assert named <= targets, path


def test_files_that_the_text_names_exist(root, documents):
    """A path in backticks that begins with a folder of the project is one of its files."""
    folders = "app|overlap|otel|grafana|docs|tests"
    for path, text in documents.items():
        named = set(re.findall(rf"`((?:{folders})/[\w/.-]*\w/?)`", text))
        missing = {name for name in named if not (root / name).exists()}
        assert missing == set(), path


def test_pictures_exist(documents):
    """Every picture that a page shows is there, and every picture is shown."""
    shown = set()
    for path, text in documents.items():
        pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
        files = {(path.parent / name).resolve() for name in pictures}
        assert [file for file in files if not file.is_file()] == []
        shown |= files
    taken = {each.resolve() for path in documents for each in path.parent.glob("pictures/*.png")}
    assert taken == shown


def test_pictures_are_small(root):
    """A page of them loads quickly: none has more than 150 kB."""
    sizes = {path.name: path.stat().st_size for path in (root / "docs/pictures").glob("*.png")}
    assert {name: size for name, size in sizes.items() if size > 150_000} == {}


def test_lines_of_code_are_where_the_text_says(root, documents):
    """`app/….py:77 in oversmoke`, in an example of output, is a line of that function."""
    for document, text in documents.items():
        for file, line, function in re.findall(r"(app/[\w/]+\.py):(\d+) in (\w+)", text):
            lines = (root / file).read_text(encoding="utf-8").splitlines()[: int(line)]
            starts = [row for row in lines if re.match(r"(async )?def ", row)]
            assert re.search(rf"def {function}\(", starts[-1]), f"{document}: {file}:{line}"
