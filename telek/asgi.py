"""HTTP and the one live socket."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telek.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import path

django_application = get_asgi_application()

from apps.accounts.sockets import SessionSocket  # noqa: E402
from apps.core.uploads import BodyLimit  # noqa: E402
from telek.consumers import LiveConsumer  # noqa: E402
from telek.guest_socket import GuestConsumer  # noqa: E402

live_socket = SessionSocket(URLRouter([path("ws/", LiveConsumer.as_asgi())]))
guest_socket = GuestConsumer.as_asgi()


async def sockets(scope: Any, receive: Any, send: Any) -> None:
    """A guest's socket lets in by itself; everything else needs somebody who is signed in."""
    await (guest_socket if scope["path"] == "/ws/guest/" else live_socket)(scope, receive, send)


application = ProtocolTypeRouter(
    {
        "http": BodyLimit(django_application, settings.MOST_BODY_BYTES),
        "websocket": sockets,
    },
)
