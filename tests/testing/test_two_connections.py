"""A query on another connection than the test's transaction is said, by real pytest."""

from __future__ import annotations


def test_another_threads_connection_is_said(run):
    """In TestCase and with pytest-django's database; below a failure, too. Otherwise nothing is."""
    done = run("suite_connections.py", "-p", "no:randomly", "-q")
    out = done.stdout
    assert "1 failed, 6 passed" in out, out + done.stderr
    assert "- traced: two connections -" in out
    assert "in look, a query ran in the thread Thread-" in out
    assert out.count("a query ran in the thread") == 1
