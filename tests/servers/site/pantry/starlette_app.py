"""Django mounted in a Starlette application, which has a lifespan of its own."""

from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from pantry.asgi import application as django


@asynccontextmanager
async def lifespan(app):
    print("pantry opens", flush=True)
    yield
    print("pantry closes", flush=True)


application = Starlette(routes=[Mount("/", app=django)], lifespan=lifespan)
