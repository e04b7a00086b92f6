"""The demo's settings, with the mutated views beside the real ones."""

from app.settings import *  # noqa: F403  a settings module built on another, as Django has it

ROOT_URLCONF = "mutant_urls"
