"""A mergeable sketch of durations: quantiles with a relative error of one per cent.

Source: C. Masson, J. E. Rim, H. K. Lee, DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
Relative-Error Guarantees, VLDB 2019. A duration falls into the bucket numbered by the rounded-up
logarithm of its nanoseconds. Buckets hold counts, so that merging adds them; each also holds the
smallest id of its traces, as an example of a duration of this length.
"""

from __future__ import annotations

from math import ceil, log
from typing import Annotated

import msgspec

RELATIVE_ERROR = 0.01
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA = log(_GAMMA)
NS_PER_MS = 1_000_000
_ROUNDING = 1e-6
"""Of logarithms and powers, and of sums of them."""


Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""Also of nanoseconds: 292 years."""
Positive = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""Of what has a row only once it has occurred."""
Bucket = Annotated[int, msgspec.Meta(ge=0, le=5000)]
"""More than the longest time that 64 bits hold needs."""


class Durations(msgspec.Struct):
    """Durations in nanoseconds, by bucket. Bucket 0 holds those below two nanoseconds."""

    total_ns: Count = 0
    counts: dict[Bucket, Positive] = {}
    examples: dict[Bucket, str] = {}
    """By bucket: the smallest of its trace ids."""

    @property
    def count(self) -> int:
        """The number of durations."""
        return sum(self.counts.values())

    def add(self, duration_ns: int, trace_id: str) -> None:
        """Add one duration of a trace."""
        bucket = ceil(log(duration_ns) / _LOG_GAMMA) if duration_ns > 1 else 0
        if duration_ns > 0:
            self.total_ns += duration_ns
        counts, examples = self.counts, self.examples
        counts[bucket] = counts.get(bucket, 0) + 1
        if (known := examples.get(bucket)) is None or trace_id < known:
            examples[bucket] = trace_id

    def update(self, other: Durations) -> None:
        """Add all durations of `other`."""
        self.total_ns += other.total_ns
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        for bucket, example in other.examples.items():
            self.examples[bucket] = min(example, self.examples.get(bucket, example))

    def quantile_ms(self, share: float) -> float:
        """Return the duration that `share` of them do not exceed (nearest rank), in ms."""
        bucket = self._bucket(share)
        return 0.0 if bucket == 0 else round(2 * _GAMMA**bucket / (_GAMMA + 1) / NS_PER_MS, 6)

    def example(self, share: float) -> str:
        """Return the id of a trace with a duration near that quantile."""
        return self.examples.get(self._bucket(share), "")

    def edges_ms(self, rank: int) -> tuple[float, float]:
        """Return between which two values the duration at a rank lies, 1 for the shortest."""
        bucket = self._at(rank)
        if bucket == 0:
            return 0.0, 1 / NS_PER_MS
        return _GAMMA ** (bucket - 1) / NS_PER_MS, _GAMMA**bucket / NS_PER_MS

    def sums_ns(self) -> tuple[float, float]:
        """Return between which two values the sum of all durations lies."""
        low = high = 0.0
        for bucket, count in self.counts.items():
            low += count * (_GAMMA ** (bucket - 1) if bucket else 0.0)
            high += count * _GAMMA**bucket
        return low * (1 - _ROUNDING), high * (1 + _ROUNDING)

    def _bucket(self, share: float) -> int:
        return self._at(max(1, ceil(share * self.count)))

    def _at(self, rank: int) -> int:
        for bucket in sorted(self.counts):
            rank -= self.counts[bucket]
            if rank <= 0:
                return bucket
        return 0
