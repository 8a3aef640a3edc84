"""HTTP and the one live socket."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telek.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import path

django_application = get_asgi_application()

from apps.accounts.sockets import SessionSocket  # noqa: E402
from apps.core.uploads import BodyLimit  # noqa: E402
from telek.consumers import LiveConsumer  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(django_application, settings.MOST_BODY_BYTES),
        "websocket": SessionSocket(URLRouter([path("ws/", LiveConsumer.as_asgi())])),
    },
)
