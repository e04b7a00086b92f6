"""Write a survey's findings as SARIF, and check them against a file of acknowledged ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


def check_findings(document: dict[str, Any], sarif: str | None, acknowledged: str | None) -> int:
    """Write and check what was asked for; return the exit status.

    Sentences for a person are printed to standard error. Raise OverlapError if a file can't be
    read or written.
    """
    if not sarif and not acknowledged:
        return 0
    from overlap.ci import acknowledgments
    from overlap.ci.finding import merged
    from overlap.ci.findings import of_survey
    from overlap.ci.gate import check
    from overlap.ci.sarif import document as log
    from overlap.ci.sarif import write

    known = acknowledgments.read(Path(acknowledged)) if acknowledged else []
    checked = check(merged(of_survey(document)), known)
    if sarif == "-":
        click.echo(json.dumps(log(checked), indent=2))
    elif sarif:
        write(Path(sarif), checked)
    if not acknowledged:
        return 0
    for sentence in checked.sentences():
        click.echo(sentence, err=True)
    return 1 if checked.fails else 0
