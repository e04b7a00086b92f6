"""Django mounted in a FastAPI application, which has a route of its own."""

from fastapi import FastAPI

from pantry.asgi import application as django

application = FastAPI(openapi_url=None)


@application.get("/native/")
async def native():
    return {"native": True}


application.mount("/", django)
