"""The table of threats: who can reach what, what they could try, what stops them, what proves it.

docs/explanation/threats.md is made from it when the docs are built; tests/supply/test_threats.py
checks that every test it names exists.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Threat:
    """One thing that somebody could try."""

    who: str
    attempt: str
    stops: str
    tests: tuple[str, ...]
    """Files and names of tests, `tests/…::name`; a name alone of a file is enough."""


_FUZZ = "tests/fuzz/test_corpus.py::test_kept_inputs_do_no_harm"
PARTS = {
    "Pocket's pages and API": (
        Threat("a web page that you visit", "reads traces through a name of its own that points at 127.0.0.1 (DNS rebinding)",
               "a request for another host's name gets 421", ("tests/pocket/test_access.py::test_a_foreign_host_gets_421",)),
        Threat("a web page that you visit", "plays a scenario, which sends requests to your app",
               "a form of another origin gets 403", ("tests/pocket/test_access.py::test_another_sites_page_cannot_play",)),
        Threat("who names a span of yours", "script in a name, an attribute, a log line", "escaped, and a policy that allows no inline script and no other site",
               ("tests/pocket/pages/test_handlers.py::test_nothing_in_a_trace_executes", "tests/pocket/test_access.py::test_every_answer_carries_the_policy", _FUZZ)),
        Threat("who names a span of yours", "characters that turn a line round, or pile over others", "removed from everything that a page prints", (_FUZZ,)),
        Threat("who names a span of yours", "script in a trace that you keep as a file", "a page with no script, whose policy allows none, and that loads nothing",
               ("tests/pocket/pages/test_files.py::test_a_trace_is_one_file_that_loads_nothing",)),
        Threat("any process of the machine", "a query or path that fails", "400 or 404; a last guard answers 500 in one line, and logs nothing of the request",
               ("tests/pocket/test_access.py::test_a_query_that_is_not_ascii_is_400_in_one_line", "tests/pocket/test_last_guard.py::test_a_failure_is_500_in_one_line_and_counted", _FUZZ)),
    ),
    "An agent's tools": (
        Threat("who names a span of yours", "instructions for your agent in a name", "names are cut and printable, and said to be data; all tools but play and doctor only read",
               ("tests/mcp/test_bounds.py::test_texts_of_a_trace_are_printable_and_cut", "tests/app/test_mcp.py::test_a_client_starts_the_command_and_asks_every_tool")),
        Threat("who sends you a trace", "fills your agent's context", "bounded rows, by pages",
               ("tests/mcp/test_bounds.py::test_any_row_becomes_json_of_a_bounded_size", "tests/app/test_mcp.py::test_rows_are_paged_to_the_last")),
    ),
    "OTLP into pocket": (
        Threat("any process of the machine", "a body of any size, or one that unpacks to gigabytes", "limits as sent and as unpacked: 413",
               ("tests/pocket/ingest/test_receiver.py::test_what_cannot_be_read_is_refused_in_one_line",)),
        Threat("any process of the machine", "more spans than memory holds", "`--max-spans` and a limit of bytes: the oldest traces go",
               ("tests/pocket/storage/test_store.py::test_one_trace_never_fills_the_store", "tests/pocket/storage/test_store.py::test_bytes_are_bounded_too",
                "tests/faults/test_processes.py::test_pocket_without_memory")),
        Threat("any process of the machine", "the same by gRPC", "a limit of the message, also unpacked; one line",
               ("tests/pocket/ingest/test_grpc.py::test_what_is_rejected_is_said", "tests/pocket/ingest/test_grpc.py::test_a_message_is_bounded")),
        Threat("any process of the machine", "many routes, or times far from now, for a survey without end",
               "a dozen sums for an hour, bounded names; a time that is ahead counts as now",
               ("tests/pocket/survey/test_recent_sums.py::test_an_hour_is_a_dozen_sums", "tests/pocket/survey/test_live_survey.py::test_a_clock_that_is_ahead_makes_no_minutes")),
        Threat("any process of the machine", "malformed protobuf or JSON", "400 in one line", ("tests/pocket/ingest/test_receiver.py::test_no_body_breaks_it", _FUZZ)),
    ),
    "Files and terminals": (
        Threat("who sends you a trace", "escape sequences in a name", "nothing but printable text is drawn", ("tests/draw/test_text.py::test_a_name_is_cleaned", _FUZZ)),
        Threat("who sends you a trace", "a file that unpacks to gigabytes, is cut or damaged", "64 MiB a part; one sentence, exit code 2",
               ("tests/trace/test_unpacking.py::test_a_decompression_bomb_is_one_sentence", "tests/trace/test_unpacking.py::test_a_cut_file_gives_what_can_be_unpacked", _FUZZ)),
        Threat("who asks your app", "escape sequences in a path, for the log on your terminal", "escaped in lines for a terminal; lines for machines are JSON",
               ("tests/telemetry/logs/test_renderers.py::test_a_hostile_value_is_escaped_in_a_line_for_a_terminal",)),
        Threat("who can write into the journal's folder", "a journal of a thousand wrong notes", "the folder is made for its owner alone; what can't be read is left out",
               ("tests/instrument/tasks/test_journal.py::test_a_closed_journal_leaves_no_file", _FUZZ)),
    ),
    "The app": (
        Threat("who asks your app", "headers of a trace context that are wrong, or huge", "the request is answered, and has one span", (_FUZZ,)),
        Threat("who asks your app", "many routes or task names, for metrics without end", "attributes are bounded",
               ("tests/instrument/test_bounded_attributes.py::test_beyond_the_limit_all_are_one",)),
        Threat("who asks your app", "learns how long your queries take, by `Server-Timing`", "the header is there with `DEBUG` or a setting only",
               ("tests/instrument/requests/test_browser.py::test_the_setting_wins_over_debug",)),
        Threat("who reads your traces", "credentials, tokens, cookies, values of SQL", "not recorded, or `REDACTED`", ("tests/telemetry/test_secrets.py::test_no_secret_is_exported",
                "tests/telemetry/test_secrets_on_every_path.py::test_no_secret_is_exported_on_any_path")),
        Threat("who reads your traces", "values in messages of exceptions", "a setting: `OVERLAP_EXCEPTION_MESSAGES=0`",
               ("tests/telemetry/test_secrets.py::test_messages_of_exceptions_can_stay_out",
                "tests/telemetry/test_secrets_on_every_path.py::test_no_message_of_an_exception_is_exported_on_any_path")),
        Threat("the backend", "hangs, drips, redirects, rejects", "a thread of its own, a deadline for each export, no redirect, counts",
               ("tests/faults/test_backends.py::test_a_backend_in_trouble",)),
        Threat("another user's request", "finds what a request left in its thread or connection", "reset, or listed with how to reset it",
               ("tests/lean/test_states.py::test_the_next_request_finds_what_the_table_says",)),
    ),
    "The stack's ports": (
        Threat("another machine", "reaches a server of the stack", "every port is published on 127.0.0.1; databases on none",
               ("tests/compose/test_file.py::test_ports_are_published_on_loopback_only", "tests/compose/test_file.py::test_databases_are_not_published")),
        Threat("who breaks into a container", "becomes root, or writes to the checkout", "no root, the least capabilities, nothing mounted",
               ("tests/compose/test_file.py::test_nothing_runs_as_root_but_init", "tests/compose/test_file.py::test_each_has_the_least_it_can_do_with",
                "tests/compose/test_file.py::test_nothing_of_the_checkout_is_mounted")),
    ),
    "What is shipped": (
        Threat("a registry", "serves another file than the one that was locked", "hashes for every file", ("tests/test_house.py::test_lock_names_no_registry_and_hashes_everything",)),
        Threat("who builds a release", "puts in what is not in the source", "the same source gives the same bytes", ("tests/supply/test_builds.py::test_wheel_and_sdist_are_reproducible",)),
        Threat("a dependency", "comes under a licence that binds you", "a list of those that are allowed", ("tests/supply/test_licences.py::test_the_licence_is_allowed",)),
        Threat("another site", "is asked for a script, style or font of the docs", "the build fails", ("tests/docs/test_reference.py::test_a_page_that_loads_from_elsewhere_is_found",)),
    ),
}  # fmt: skip
_HEAD = """# Threats

Who can reach what, what they could try, what stops them, and which test proves it. What is *not* promised stands in
`SECURITY.md`: pocket has no login and is for one machine, and whoever can reach it reads every trace.

The inputs of the tests named `test_kept_inputs_do_no_harm` come from the fuzzer: `make fuzz` changes valid ones, keeps
those that reach new lines of the code, and keeps what fails. [Long runs](long-runs.md) has what long runs of it and of `make soak` showed,
[Faults](faults.md) what happens when parts fail, [Lean, attacked](lean-compared.md) what requests leave behind.
"""


def page() -> str:
    """Return the page."""
    lines = [_HEAD]
    for title, threats in PARTS.items():
        lines += [
            f"## {title}",
            "",
            "| who | tries | what stops it | proved by |",
            "|---|---|---|---|",
        ]
        for each in threats:
            tests = "<br>".join(f"`{test}`" for test in each.tests)
            lines.append(f"| {each.who} | {each.attempt} | {each.stops} | {tests} |")
        lines.append("")
    return "\n".join(lines)
