"""The part of a survey that is about some services or routes."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec.structs import replace

from overlap.survey.totals.model import Totals


def only(totals: Totals, service: str | None = None, route: str | None = None) -> Totals:
    """Return the rows of one service, and of one route; the rows are shared with `totals`.

    route: a name, or a pattern of names such as `GET /order/*`.
    """

    def has(of: str, name: str) -> bool:
        return (service is None or of == service) and (
            route is None or name == route or fnmatchcase(name, route)
        )

    culprits = {k: one for k, one in totals.culprits.items() if has(one.service, one.route)}
    blocks = {block: key for block, key in totals.blocks.items() if key in culprits}
    return replace(
        totals,
        routes={k: one for k, one in totals.routes.items() if has(one.service, one.route)},
        culprits=culprits,
        blocks=blocks,
        waited={block: one for block, one in totals.waited.items() if block in blocks},
    )
