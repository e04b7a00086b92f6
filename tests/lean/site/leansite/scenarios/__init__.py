"""What can be played on the site: each an async function from the application to an outcome."""

from leansite.scenarios.closed import *  # noqa: F403
from leansite.scenarios.late import *  # noqa: F403
from leansite.scenarios.left_behind import *  # noqa: F403
from leansite.scenarios.postgresql import *  # noqa: F403
from leansite.scenarios.receivers import *  # noqa: F403
from leansite.scenarios.threads import *  # noqa: F403
