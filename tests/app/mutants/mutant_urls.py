"""The routes of each mutation at /<name>/..., served by a mutated copy of its module."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from django.urls import include, path
from mutation import Mutation
from mutations import MUTATIONS

from app.urls import urlpatterns as real


def mutated(mutation: Mutation) -> ModuleType:
    """Return the view's module with its source changed; raise ValueError if nothing changes."""
    spec = find_spec(mutation.module)
    source = Path(spec.origin).read_text(encoding="utf-8")
    found = source.count(mutation.old)
    if found != mutation.times:
        raise ValueError(f"{mutation.name}: the text occurs {found} times in {mutation.module}")
    module = ModuleType(f"{mutation.module}__{mutation.name}")
    module.__file__ = spec.origin
    sys.modules[module.__name__] = module
    changed = compile(source.replace(mutation.old, mutation.new), spec.origin, "exec")
    exec(changed, vars(module))  # noqa: S102  our own source, changed by our own test
    return module


def routes(mutation: Mutation) -> list:
    """Return the module's routes, with the views of the mutated module; none if it is not used."""
    replaced = [
        route
        for route in real
        if getattr(route, "callback", None) and route.callback.__module__ == mutation.module
    ]
    if not replaced and mutation.module.startswith("app.views."):
        return []
    module = mutated(mutation)
    return [
        path(str(route.pattern), getattr(module, route.callback.__name__)) for route in replaced
    ]


urlpatterns = [
    *(path(f"{mutation.name}/", include(routes(mutation))) for mutation in MUTATIONS),
    *real,
]
