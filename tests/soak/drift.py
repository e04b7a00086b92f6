"""Whether the server became slower, on a machine that others use, too.

A bare server beside it, the control, is asked by the same client all the time. What happens to it
is the machine's doing. The server's p99 may grow as the control's does, and not more. Its processor
time a request, which waiting does not change, is compared with the control's in the same way.
"""

from dataclasses import dataclass

SLOWER = 2.0
"""p99 of light requests in the last fifth over that of the second."""
NOTICED_S = 0.1
"""Less more than this is none."""
DEARER = 1.25
"""Processor time a request in the last fifth over that of the second."""
ENOUGH = 1000
"""Requests of a window, so that what they cost is no chance."""


@dataclass(frozen=True)
class Window:
    """A fifth of the time: p99 and processor time in seconds, and the number of requests."""

    p99: float
    cpu: float
    requests: int

    @property
    def cpu_ms(self) -> float:
        """Processor time a request, in milliseconds."""
        return self.cpu / self.requests * 1000 if self.requests else 0.0


@dataclass(frozen=True)
class Course:
    """One server in the second and in the last fifth."""

    early: Window
    late: Window

    @property
    def slower(self) -> float:
        """How many times the p99 is longer at the end; 1 where it is not."""
        return max(1.0, self.late.p99 / self.early.p99) if self.early.p99 else 1.0

    @property
    def dearer(self) -> float:
        """How many times a request costs more processor time at the end."""
        return self.late.cpu_ms / self.early.cpu_ms if self.early.cpu_ms else 1.0


def drift_of_p99(server: Course, control: Course) -> tuple[bool, str]:
    """Return whether there is none, and the sentence that says what was measured."""
    longer = server.late.p99 - server.early.p99
    is_well = longer < NOTICED_S or server.slower <= SLOWER * control.slower
    return is_well, (
        f"p99 of light requests: {server.early.p99 * 1000:.0f} ms in the second fifth, "
        f"{server.late.p99 * 1000:.0f} ms in the last; of the bare server beside it, "
        f"{control.early.p99 * 1000:.1f} and {control.late.p99 * 1000:.1f} ms"
    )


def drift_of_cpu(server: Course, control: Course) -> tuple[bool, str]:
    """Return whether a request costs as much at the end, and the sentence."""
    is_enough = min(server.early.requests, server.late.requests) >= ENOUGH
    is_well = not is_enough or server.dearer <= DEARER * max(1.0, control.dearer)
    return is_well, (
        f"processor time a request: {server.early.cpu_ms:.2f} ms in the second fifth, "
        f"{server.late.cpu_ms:.2f} ms in the last ({server.dearer - 1:+.1%}; "
        f"of the bare server {control.dearer - 1:+.1%})"
        + ("" if is_enough else ", too few to judge")
    )
