"""Django mounted in a Starlette application, which keeps ASGI's lifespan to itself."""

from starlette.applications import Starlette
from starlette.routing import Mount

from smokesite.asgi import application as django

application = Starlette(routes=[Mount("/", app=django)])
