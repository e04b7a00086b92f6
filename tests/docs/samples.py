"""Compare what a command printed with the sample of it on a page.

Every line of the sample must be printed, in this order; others may stand between. Numbers, ports
and the lengths of bars differ from run to run: they are made equal before. `…` stands for anything.
"""

import re

_BAR = re.compile(r"[█▉▊▋▌▍▎▏▐▕▞░]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def plain(line):
    """Return the line without what differs from run to run."""
    line = re.sub(r"\b\d+(?:[.,]\d+)* (ms|s)\b", "TIME", _BAR.sub("█", line))
    line = re.sub(r"127\.0\.0\.1:\d+", "HOST", line)
    line = re.sub(r"\bin \d+\.\d+s\b", "in TIME", line)
    line = re.sub(r"[-=]{5,}", "", line)  # pytest fills its lines up
    return " ".join(line.split())


def missing(sample, printed):
    """Return the first line of the sample that was not printed in its place; None if all were."""
    rest = iter([plain(line) for line in printed.splitlines()])
    for line in sample.splitlines():
        wanted = plain(line)
        if not wanted or wanted.startswith(("0 TIME", "┬")):
            continue
        pattern = re.compile(".*".join(map(re.escape, wanted.split("…"))))
        if not any(pattern.fullmatch(each) for each in rest):
            return line
    return None
