"""`overlap run` and pocket where a platform has no signals for others and no terminal groups."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from overlap.pocket.serve import listen
from overlap.run.command import _send, _shares_a_terminal


def test_a_command_that_no_signal_reaches_is_terminated(monkeypatch):
    """Windows: Popen.send_signal raises ValueError for most signals."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    def send_signal(_number):
        monkeypatch.undo()
        raise ValueError("Unsupported signal")

    monkeypatch.setattr(process, "send_signal", send_signal)
    _send(process, signal.SIGINT)
    assert process.wait(20) == -signal.SIGTERM


def test_without_terminal_groups_ctrl_c_reaches_the_command_by_itself(monkeypatch):
    """As in a Windows console."""
    monkeypatch.delattr(os, "tcgetpgrp")
    assert _shares_a_terminal()


@pytest.mark.parametrize(("name", "is_reused"), [("posix", 1), ("nt", 0)])
def test_a_port_is_not_shared_with_another_server(monkeypatch, name, is_reused):
    """On Windows SO_REUSEADDR would let a second server listen on the same port."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "name", name)
        listener = listen("127.0.0.1", 0, "--port")
    with listener:
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == is_reused
