"""The reference in docs/ is what the code is: settings, names, commands, the verdict's contract."""

import inspect
import json
import re
from dataclasses import fields

import pytest

import overlap
from docs.generate import check, commands, telemetry
from overlap import config, names
from overlap.cli import COMMANDS
from overlap.compare.model import Change, Comparison, Side
from overlap.instrument import instrument
from overlap.judge import model as judged
from overlap.judge.model import SHAPES, Verdict
from overlap.trace import read

OURS_INSIDE = {"OVERLAP_RUN"}
"""Set by Overlap for its own processes; not a setting."""

NESTED = {
    "groups": judged.Group, "background": judged.Background, "blocked": judged.Blocked,
    "offloaded": judged.Offloaded, "handed": judged.QueuedTask, "requests": judged.Requests,
    "why": judged.Why, "critical_path": judged.PathSegment, "self_time": judged.SelfTime,
    "advice": judged.Advice,
}  # fmt: skip
"""The rows of the verdict's lists."""


@pytest.fixture(scope="module")
def settings(root):
    """The page of settings."""
    return (root / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def verdict_page(root):
    """The page of the verdict."""
    return (root / "docs" / "reference" / "verdict.md").read_text(encoding="utf-8")


def test_every_environment_variable_is_a_setting_on_the_page(root, settings):
    """What overlap/ reads, the page names; what the page names, overlap/ reads."""
    code = "".join(path.read_text("utf-8") for path in (root / "overlap").rglob("*.py"))
    read = set(re.findall(r"\"(OVERLAP_[A-Z_]+[A-Z])\"", code)) - OURS_INSIDE
    named = set(re.findall(r"`(OVERLAP_[A-Z_]+[A-Z])\b", settings)) - {"OVERLAP_APP_URL_"}
    assert named >= read
    assert named - {"OVERLAP_LOKI"} <= set(re.findall(r"OVERLAP_[A-Z_]+[A-Z]", code))


def test_every_argument_of_instrument_is_on_the_page(settings):
    """The table has a row for each."""
    parameters = inspect.signature(instrument).parameters.values()
    keywords = {each.name for each in parameters if each.kind is each.KEYWORD_ONLY}
    assert keywords
    assert {name for name in keywords if f"| `{name}` |" not in settings} == set()


def test_every_key_of_the_project_table_is_on_the_page(settings):
    """`[tool.overlap]` has no key that the page keeps to itself."""
    assert {key for key in config._NAMED if f"| `{key}` |" not in settings} == set()


def test_every_name_is_in_the_generated_reference():
    """Each constant of overlap.names stands on the page of spans or on that of metrics."""
    pages = telemetry.spans_page() + telemetry.metrics_page()
    values = {
        value for key, value in vars(names).items() if key.isupper() and isinstance(value, str)
    }
    assert {value for value in values if f"`{value}`" not in pages} == set()


def test_the_generated_reference_leaves_no_placeholder():
    """`One of the BLOCK_ values below` is written out."""
    page = telemetry.spans_page()
    assert "_ values" not in page
    assert "One of `sleep`, `cpu`" in page
    assert "`code.file.path`" in telemetry.metrics_page()


def test_every_name_of_our_own_is_explained():
    """A name that no convention explains has a docstring or a comment."""
    every = telemetry.every_name()
    ours = [each for each in every if each.value.startswith("overlap.")]
    assert [each.constant for each in ours if not (each.text or each.comment)] == []


def test_every_command_is_in_the_generated_reference():
    """With each of its options, and groups with their own commands."""
    page = commands.page()
    assert [name for name in COMMANDS if f"## overlap {name}\n" not in page] == []
    assert "## overlap bench pair\n" in page
    assert "| `--traces-url TEXT` |" in page


def test_the_sample_verdict_has_every_key(verdict_page):
    """docs/reference/verdict.md shows the contract whole: keys as the structs have them."""
    (sample,) = re.findall(r"```json\n(.*?)```", verdict_page, re.S)
    shown = json.loads(sample)
    assert list(shown) == [*Verdict.__struct_fields__]
    for key, model in NESTED.items():
        assert list(shown[key][0]) == [*model.__struct_fields__], key


def test_every_field_of_the_verdict_is_explained(verdict_page):
    """The tables name each key of the verdict, and each shape."""
    wanted = {*Verdict.__struct_fields__}
    assert {name for name in wanted if f"`{name}`" not in verdict_page} == set()
    assert {shape for shape in SHAPES if f"| `{shape}` |" not in verdict_page} == set()


def test_the_advice_that_a_page_quotes_is_given(root):
    """docs/explanation/advice.md quotes what the trace of docs/reference/formats.md gets."""
    sample = (root / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")
    (trace,) = read(re.search(r"```json title.*?\n(.*?)```", sample, re.S)[1].encode())
    page = (root / "docs" / "explanation" / "advice.md").read_text(encoding="utf-8")
    (quoted,) = re.findall(r"^> (.+)$", page, re.M)
    assert quoted in [advice.text for advice in overlap.verdict(trace).advice]


def test_every_kind_of_advice_is_explained(root):
    """The table has a row for each module of overlap/judge/advice that advises."""
    folder = root / "overlap" / "judge" / "advice"
    kinds = {
        path.stem
        for path in folder.glob("*.py")
        if re.search(r"^def advice\(requests", path.read_text("utf-8"), re.M)
    }
    page = (root / "docs" / "explanation" / "advice.md").read_text(encoding="utf-8")
    assert len(kinds) >= 7
    assert {kind for kind in kinds if f"| `{kind}` |" not in page} == set()


def test_every_field_of_a_comparison_is_named(verdict_page):
    """The part on comparisons names every key."""
    part = verdict_page.partition("## Comparisons")[2]
    wanted = {each.name for model in (Comparison, Side, Change) for each in fields(model)}
    assert {name for name in wanted if f"`{name}`" not in part} == set()


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        '<img src="http://example/x.png">',
        "<style>@import 'https://fonts.example/css';</style>",
    ],
)
def test_a_page_that_loads_from_elsewhere_is_found(html):
    """`make docs` fails for it."""
    assert check.in_html(html)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://example.org/">a link is followed, not loaded</a>',
        '<link rel="canonical" href="https://example.org/">',
        '<script src="../assets/x.js"></script><img src="data:image/png;base64,x">',
    ],
)
def test_a_page_that_loads_its_own_is_fine(html):
    """Links may lead anywhere."""
    assert check.in_html(html) == []
