"""Each lesson's view, broken on purpose; a module a theme, as in app/scenarios."""

from mutations import tutorial

MUTATIONS = [
    *tutorial.MUTATIONS,
]
