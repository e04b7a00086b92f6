"""Mutations of the views that call a third party."""

from mutation import Mutation

THIRD_PARTY = "app.views.third_party"

MUTATIONS = [
    Mutation(
        "slow_api_is_quick",
        "api_slow",
        THIRD_PARTY,
        'r = await upstream.get(f"delay/{API_DELAY}")',
        'r = await upstream.get("delay/0")',
        "ms in total, saw",
    ),
    Mutation(
        "limit_taken_away",
        "api_slow_limited",
        THIRD_PARTY,
        "timeout=API_PATIENCE",
        "timeout=None",
        "ms in total, saw",
    ),
    Mutation(
        "refused_once",
        "api_refusing",
        THIRD_PARTY,
        "            if pause is None:\n                raise\n",
        "            raise\n",
        "expected the stages {GET}, {back off}, {GET}",
    ),
    Mutation(
        "asked_without_a_pause",
        "api_unwell",
        THIRD_PARTY,
        "            await back_off(pause)\n",
        "            pass\n",
        "expected the stages {GET}, {back off}, {GET}",
    ),
    Mutation(
        "asked_when_it_is_well",
        "api_unwell_once",
        THIRD_PARTY,
        "API_STATUSES[0]",
        "API_STATUSES[-1]",
        "answered 200, not 503",
    ),
]
