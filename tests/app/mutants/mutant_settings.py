"""The demo's settings, with every mutant's views beside the real ones."""

from app.settings import *  # noqa: F403  a settings module built on another, as Django has it

ROOT_URLCONF = "mutant_urls"
