"""Django behind Channels' router."""

from channels.routing import ProtocolTypeRouter

from pantry.asgi import application as django

application = ProtocolTypeRouter({"http": django})
