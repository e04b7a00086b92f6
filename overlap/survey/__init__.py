"""Many traces: the sum of their verdicts, by service and route.

`survey` and `merge` are pure functions. The survey of some traces is the same in any order and
any division of them: all figures are sums of integers. A room each: `totals` is what is summed,
`summing` what a trace adds to it, `rows` what is shown of it, `sources` what the command reads.
"""

from overlap.survey.report import Report, merge, survey
from overlap.survey.rows.document import VERSION

__all__ = ["VERSION", "Report", "merge", "survey"]
