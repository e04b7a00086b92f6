"""Findings of a test run for CI: SARIF, and acknowledgments. Under pytest-xdist, of all workers."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from overlap.ci import acknowledgments, sarif
from overlap.ci.acknowledgments import Acknowledgment
from overlap.ci.finding import Finding, merged
from overlap.ci.findings import of_verdict
from overlap.ci.gate import Checked, check
from overlap.errors import OverlapError
from overlap.testing.recorder import Recorder

_RECORDING = "overlap.testing.recording"
_OUTPUT = "overlap_findings"


class FindingsPlugin:
    """The plugin that collects them. It is registered only if an option asks for it."""

    def __init__(self, config: pytest.Config) -> None:
        """Raise pytest.UsageError if the file of acknowledgments can't be used."""
        self._config = config
        self._sarif: str | None = config.getoption("--overlap-sarif")
        acknowledged: str | None = config.getoption("--overlap-acknowledged")
        self._gates = acknowledged is not None
        self._known: list[Acknowledgment] = []
        self._found: list[Finding] = []
        self._checked = Checked()
        self._is_worker = hasattr(config, "workerinput")
        if acknowledged is not None and not self._is_worker:
            try:
                self._known = acknowledgments.read(Path(acknowledged))
            except OverlapError as error:
                raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        """Read the recordings of a test once its fixtures are closed."""
        result = yield
        recording = sys.modules.get(_RECORDING)
        if recording is not None:
            self._found += merged(_of_test(recording.RECENT, item))
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist found."""
        rows = getattr(node, "workeroutput", {}).get(_OUTPUT, ())
        self._found += [Finding(**row) for row in rows]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the file, and fail the run if a finding is new or an acknowledgment expired."""
        if self._is_worker:
            output: dict[str, Any] = self._config.workeroutput  # type: ignore[attr-defined]
            output[_OUTPUT] = [asdict(finding) for finding in merged(self._found)]
            return
        self._checked = check(merged(self._found), self._known)
        if self._sarif:
            try:
                sarif.write(Path(self._sarif), self._checked)
            except OverlapError as error:
                raise pytest.UsageError(str(error)) from None
        fails = self._gates and self._checked.fails
        if fails and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print what a person should read."""
        if self._is_worker:
            return
        known, new = len(self._checked.known), len(self._checked.new)
        if self._sarif:
            terminalreporter.write_line(
                f"overlap: {new + known} findings ({known} acknowledged) in {self._sarif}"
            )
        if self._gates and (sentences := [*self._checked.sentences()]):
            terminalreporter.section("overlap: findings")
            for sentence in sentences:
                terminalreporter.write_line(sentence)


def _of_test(recorders: Iterable[Recorder], item: pytest.Item) -> Iterator[Finding]:
    file, line, _ = item.location
    place = (
        f"{file}:{(line or 0) + 1} in {item.originalname or item.name}"
        if isinstance(item, pytest.Function)
        else f"{file}:{(line or 0) + 1}"
    )
    for recorder in recorders:
        for seen in recorder.traces:
            for finding in of_verdict(seen.verdict, seen.name, item.nodeid):
                # Without a line of its own, a finding stands at the test.
                yield finding if finding.file else replace(finding, at=place)
