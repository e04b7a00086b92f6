"""The scenarios of the site: each an async function from the application to an outcome."""

from leansite.scenarios.background_work import *  # noqa: F403
from leansite.scenarios.closing import *  # noqa: F403
from leansite.scenarios.postgresql import *  # noqa: F403
from leansite.scenarios.receivers import *  # noqa: F403
from leansite.scenarios.shared_state import *  # noqa: F403
from leansite.scenarios.states import *  # noqa: F403
from leansite.scenarios.threads import *  # noqa: F403
