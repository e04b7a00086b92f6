"""The shop with a URLconf that takes its time to import."""

from shopsite.settings import *  # noqa: F403

ROOT_URLCONF = "shopsite.slow_urls"
