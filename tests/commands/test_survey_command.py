"""`overlap survey`, run as a user runs it."""

import json
import subprocess
import sys

import pytest

from tests.survey.conftest import otlp, request


def run(*arguments, stdin=b"", **env):
    return subprocess.run(
        [sys.executable, "-m", "overlap", "survey", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        env={"PATH": "", "COLUMNS": "150", **env},
    )


@pytest.fixture
def folder(tmp_path):
    """Two traces over three files of a folder: one has its spans in two of them."""
    one, other = request(1), request(2, 300)
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_text(otlp(one[:1]))
    (tmp_path / "b.json").write_text(otlp(other))
    (tmp_path / "deep" / "c.jsonl").write_text(otlp(one[1:]))
    return tmp_path


def figures(done):
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    (route,) = document["routes"]
    return document["traces"], document["spans"], route["requests"], route["shapes"]


def test_a_folder_a_pattern_and_standard_input_give_the_same(folder):
    """The spans of one trace are joined over files."""
    expected = (2, 6, 2, {"serial": 1.0})
    everything = b"\n".join(path.read_bytes() for path in folder.rglob("*.json*"))
    assert figures(run("--json", folder)) == expected
    assert figures(run("--json", folder / "**" / "*.json*")) == expected
    assert figures(run("--json", "-", stdin=everything)) == expected


def test_reports_are_added_to_traces_and_to_each_other(folder, tmp_path):
    """What `--json` wrote is a source as any other."""
    first = tmp_path / "first.report"
    first.write_bytes(run("--json", folder / "b.json").stdout)
    second = tmp_path / "second.report"
    second.write_bytes(run("--json", folder / "a.json", folder / "deep").stdout)
    assert figures(run("--json", first, second)) == figures(run("--json", folder / "**/*.json*"))


def test_tables_name_the_route_its_shape_and_what_to_begin_with(folder):
    """What a person reads."""
    done = run(folder)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    for part in ("2 traces, 6 spans", "GET /smoke/", "serial 100%", "Begin with", "gather"):
        assert part in text


def test_names_from_traces_are_no_markup(tmp_path):
    """A hostile name is printed, and does nothing."""
    file = tmp_path / "trace.json"
    file.write_text(otlp(request(1, name="[red]GET[/red] \x1b[31m/")))
    text = run(file).stdout.decode()
    assert "[red]GET[/red]" in text
    assert "\x1b" not in text


def test_a_file_of_a_folder_that_is_no_trace_is_named_and_the_others_count(folder):
    """The report says what is missing from it."""
    (folder / "README.md").write_text("# Traces")
    done = run("--json", folder)
    assert figures(done)[0] == 2
    assert b"README.md: it is neither JSON nor OTLP protobuf" in done.stderr


def test_no_more_traces_than_the_limit(folder):
    """Those with the smallest ids."""
    assert figures(run("--json", "--limit", 1, folder))[0] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["/nowhere/at all"], "is no file, folder, pattern of files or URL"),
        (["--since", "soon", "x"], "is not a time such as 90s, 15m, 1h or 2d"),
        (["http://127.0.0.1:9"], "no trace backend answers at http://127.0.0.1:9"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments, sentence):
    """Nothing to read, nothing to understand, nobody to ask."""
    done = run(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr.decode()
    assert done.stdout == b""


def test_without_a_source_the_configured_backend_is_asked():
    """OVERLAP_TRACES_URL, as everywhere."""
    done = run(OVERLAP_TRACES_URL="http://127.0.0.1:9")
    assert done.returncode == 2
    assert b"http://127.0.0.1:9" in done.stderr
