"""A URLconf whose imports take longer than the loop may be blocked."""

import time

from shopsite.urls import urlpatterns  # noqa: F401

time.sleep(0.4)
