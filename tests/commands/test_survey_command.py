"""`overlap survey`, run as a user runs it."""

import fcntl
import json
import re
import signal
import subprocess
import sys
import termios
import time

import pytest
from msgspec.structs import replace

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


def test_a_backend_and_files_are_filtered_by_time(folder):
    """By the start of the first span; with --since, to now or to --to."""
    assert figures(run("--json", "--from", "2023-11-14T22:13:20Z", folder))[0] == 2
    for options in (
        ["--to", "2023-11-14T22:13:20"],
        ["--from", "2023-11-14T22:13:20.000001Z"],
        ["--since", "1h"],
        ["--since", "1h", "--to", "2023-11-15"],
    ):
        done = run("--json", *options, folder)
        assert (done.returncode, json.loads(done.stdout)["traces"]) == (0, 0), options
    since = run("--json", "--since", "2h", "--to", "2023-11-15", folder)
    assert figures(since)[0] == 2


def test_only_one_route_or_service(tmp_path):
    """A name, or a pattern of names."""
    file = tmp_path / "traces.jsonl"
    names = ["GET /order/1", "GET /order/2", "GET /"]
    lines = [otlp(request(number, name=name)) for number, name in enumerate(names, 1)]
    lines.append(otlp(request(9, service="till")))
    file.write_text("\n".join(lines))

    def routes(*options):
        return sorted(
            row["route"] for row in json.loads(run("--json", *options, file).stdout)["routes"]
        )

    assert routes("--route", "GET /") == ["GET /"]
    assert routes("--route", "GET /order/*") == ["GET /order/1", "GET /order/2"]
    assert routes("--service", "till") == ["GET /smoke/"]
    assert routes("--service", "till", "--route", "GET /") == []


STACK = re.compile(r"[^;\n]+(;[^;\n]+)* [0-9]+")


def test_collapsed_stacks_are_those_of_the_critical_paths(folder, tmp_path):
    """A line for each path, with its microseconds, as flamegraph.pl and speedscope read them."""
    flame = tmp_path / "stacks.txt"
    assert run("--flame", flame, folder).returncode == 0
    lines = flame.read_text().splitlines()
    assert sorted(lines) == [
        "smokehouse;GET /smoke/;get_flavor 200000",
        "smokehouse;GET /smoke/;get_smokables 200000",
    ]
    assert run("--flame", "-", folder).stdout.decode().splitlines() == lines


def test_a_name_can_end_no_frame_of_a_collapsed_stack(tmp_path):
    """Semicolons and line ends in a name are replaced."""
    file = tmp_path / "trace.json"
    file.write_text(otlp(request(1, name="a;b\nc 1")))
    lines = run("--flame", "-", file).stdout.decode().splitlines()
    assert all(STACK.fullmatch(line) for line in lines)
    assert lines[0].split(";")[1] == "a:b?c 1"


def test_a_page_needs_nothing_else_and_names_are_text_in_it(tmp_path):
    """No script, no other file; hostile names are escaped."""
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    file, page = tmp_path / "trace.json", tmp_path / "page.html"
    file.write_text(otlp(request(1, name=hostile)))
    assert run("--html", page, file).returncode == 0
    text = page.read_text()
    assert "&lt;script&gt;alert(1)" in text
    assert not re.search(r"<(script|img|link|iframe|object)|\\bon\\w+=|https?://", text)
    assert "default-src 'none'" in text


def test_a_page_of_nothing_says_so(folder):
    """No trace began in the last hour."""
    page = run("--html", "-", "--since", "1h", folder).stdout.decode()
    assert "No trace was read" in page


def test_what_could_not_be_read_is_in_the_json(folder):
    """As on stderr."""
    (folder / "README.md").write_text("# Traces")
    (sentence,) = json.loads(run("--json", folder).stdout)["unread"]
    assert "README.md" in sentence


def test_large_files_are_read_by_several_processes_and_the_report_is_the_same(tmp_path):
    """The spans of each trace are far apart, in pieces of the file that others read."""
    file = tmp_path / "large.jsonl"
    padding = "x" * 20_000
    traces = [
        [*request(number, 10 + number % 50)[:1], *request(number, 10 + number % 50)[1:]]
        for number in range(1, 600)
    ]
    with file.open("w") as out:
        for place in range(3):
            for spans in traces:
                note = {"note": padding}
                out.write(otlp([replace(spans[place], attributes=note)]) + "\n")
    assert file.stat().st_size > 2 * 16_000_000
    one, two = (run("--json", "--workers", workers, file) for workers in (1, 2))
    assert figures(one)[:3] == (599, 1797, 599)
    assert one.stdout == two.stdout


def test_ctrl_c_reports_what_was_read_until_then(folder):
    """Exit status 130, and a sentence."""
    process = subprocess.Popen(
        [sys.executable, "-m", "overlap", "survey", "--json", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": ""},
    )
    lines = b"\n".join(path.read_bytes() for path in folder.rglob("*.json*")) + b"\n"
    process.stdin.write(lines * 100)  # more than the reader takes at once
    process.stdin.flush()
    deadline = time.monotonic() + 30
    while not _has_read(process.stdin) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert b"stopped: the report covers what was read until then" in err
    assert json.loads(out)["traces"] == 2


def _has_read(pipe):
    """Return whether the other end has taken everything out of a pipe."""
    waiting = bytearray(4)
    fcntl.ioctl(pipe.fileno(), termios.FIONREAD, waiting)
    return int.from_bytes(waiting, sys.byteorder) == 0


def test_two_surveys_are_compared_and_a_gate_fails(tmp_path):
    """Exit status 1 and a sentence for what became worse; 0 where nothing did."""
    for name, ms, first in (("before", 100, 1), ("after", 300, 1001)):
        lines = [
            otlp([replace(each, start_ns=each.start_ns + first, end_ns=each.end_ns + first)
                  for each in request(number, ms + number % 9)])
            for number in range(first, first + 60)
        ]  # fmt: skip
        (tmp_path / name).write_text("\n".join(lines))
    slower = run("--against", tmp_path / "after", "--fail-on", "slower:10%", tmp_path / "before")
    assert slower.returncode == 1, slower.stderr
    assert b"slower: GET /smoke/ of smokehouse takes" in slower.stderr
    other = run("--against", tmp_path / "after", "--fail-on", "lost", tmp_path / "before")
    assert (other.returncode, other.stderr) == (0, b"")
    document = json.loads(
        run("--json", "--against", tmp_path / "before", tmp_path / "after").stdout
    )
    assert (document["is_swapped"], document["failed"]) == (True, [])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--fail-on", "lost"], "--fail-on needs --against"),
        (["--against", "x", "--html", "y"], "without --against"),
        (["--against", "x", "--fail-on", "worse"], "is none of slower:10%"),
        (["--since", "1h", "--from", "2026-01-01"], "exclude one another"),
        (["--from", "2026-01-02", "--to", "2026-01-01"], "--from must be before --to"),
        (["--from", "yesterday"], "is not a time such as 2026-11-30"),
        (["--json", "--html", "-"], "only one of"),
        (["--html", "/nowhere/page.html"], "/nowhere/page.html can't be written"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_a_sentence(folder, options, sentence):
    """Exit status 2."""
    done = run(*options, folder)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.decode().split())


def test_the_source_proves_advice(tmp_path):
    """With --source: in JSON, in the table and on the page."""
    (tmp_path / "views.py").write_text(
        "async def view(request):\n"
        "    meats = await get_smokables()\n"
        "    flavor = await get_flavor()\n"
        "    return meats, flavor\n"
    )
    code = {"code.file.path": "views.py", "code.line.number": 1}
    path, page = tmp_path / "traces.jsonl", tmp_path / "page.html"
    path.write_text("".join(otlp(request(n, attributes=code)) + "\n" for n in (1, 2)))
    done = run("--json", path, "--source", tmp_path, "--html", page)
    (row,) = json.loads(done.stdout)["begin_with"]
    assert (row["evidence"], row["traces"]) == ("proven", 2)
    assert "asyncio.gather(get_smokables(), get_flavor())" in row["diff"]
    assert "asyncio.gather(get_smokables(), get_flavor())" in page.read_text()
    assert b"gather (proven)" in run(path, "--source", tmp_path).stdout
    refused = run(path, "--source", tmp_path / "none")
    assert (refused.returncode, b"is no folder" in refused.stderr) == (2, True)


def test_a_folder_without_files_is_refused(tmp_path):
    """As a pattern that matches nothing: a comparison with nothing would find no change."""
    done = run(tmp_path)
    assert (done.returncode, b"there is no file in the folder" in done.stderr) == (2, True)
