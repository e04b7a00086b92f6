"""Which lines of overlap have run: what makes an input worth keeping."""

import sys
from types import CodeType, FrameType
from typing import Any

_HOME = "/overlap/"
_TOOL = 3
"""A free id of sys.monitoring."""


class Lines:
    """Collects the lines of overlap that run between `start` and `stop`, each once."""

    def __init__(self) -> None:
        self.count = 0
        self._left: dict[CodeType, set[int]] = {}
        self._monitoring: Any = getattr(sys, "monitoring", None)  # since Python 3.12

    def start(self) -> None:
        if (monitoring := self._monitoring) is None:
            sys.settrace(self._called)
            return
        if monitoring.get_tool(_TOOL) is None:
            monitoring.use_tool_id(_TOOL, "overlap fuzz")
            monitoring.register_callback(_TOOL, monitoring.events.LINE, self._line)
        monitoring.set_events(_TOOL, monitoring.events.LINE)

    def stop(self) -> None:
        if self._monitoring is None:
            sys.settrace(None)
        else:
            self._monitoring.set_events(_TOOL, 0)

    def _line(self, code: CodeType, _line: int) -> Any:
        if _HOME in code.co_filename:
            self.count += 1
        return self._monitoring.DISABLE  # each line is reported once

    def _called(self, frame: FrameType, _event: str, _argument: object) -> Any:
        code = frame.f_code
        if not code.co_filename.endswith(".py") or _HOME not in code.co_filename:
            return None
        left = self._left.get(code)
        if left is None:
            left = self._left[code] = {line for *_, line in code.co_lines() if line}
        return self._ran if left else None

    def _ran(self, frame: FrameType, event: str, _argument: object) -> Any:
        left = self._left[frame.f_code]
        if event == "line" and frame.f_lineno in left:
            left.discard(frame.f_lineno)
            self.count += 1
        return self._ran
