"""The lessons that the native stack plays: its app is on SQLite."""

from app.scenarios import SCENARIOS

PLAYED = {each.name: each for each in SCENARIOS if each.server != "postgresql"}
