"""Many traces: the sum of their verdicts, by service and route.

`survey` and `merge` are pure functions. The survey of some traces is the same in any order and
any division of them: all figures are sums of integers. `sources` reads what the command names.
"""

from overlap.survey.contract import VERSION, as_dict, from_dict
from overlap.survey.merging import merge
from overlap.survey.model import Survey
from overlap.survey.summing import survey

__all__ = ["VERSION", "Survey", "as_dict", "from_dict", "merge", "survey"]
