"""A ceiling for chat: a Channels consumer that stores by ORM in a thread and tells its group by the pub/sub layer.

`uvicorn tests.bench.bare_channels:application` with BENCH_DATABASE_URL and REDIS_URL: no sign-in, no audit.
"""

import os
from typing import Any

import django
import environ
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.conf import settings

_database = environ.Env.db_url_config(os.environ["BENCH_DATABASE_URL"])
_database["OPTIONS"] = {**_database.get("OPTIONS", {}), "pool": {"min_size": 4, "max_size": 20}}
settings.configure(
    DATABASES={"default": _database},
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]], "prefix": "bare"},
        }
    },
    INSTALLED_APPS=["channels"],
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
)
django.setup()

from django.core.asgi import get_asgi_application  # noqa: E402
from django.db import models  # noqa: E402


class BareMessage(models.Model):
    """The table of the ceilings."""

    room = models.TextField()
    client = models.TextField()
    body = models.TextField()

    class Meta:
        app_label = "bench"
        db_table = "bench_message"
        managed = False

    def __str__(self) -> str:
        return str(self.pk)


class Bare(AsyncJsonWebsocketConsumer):
    """Store, tell the group, answer."""

    async def connect(self) -> None:
        self.group = "room." + self.scope["path"].strip("/").replace("/", ".")
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        store = database_sync_to_async(BareMessage.objects.create)
        row = await store(room=self.group, client=content["client_id"], body=content["body"])
        await self.channel_layer.group_send(self.group, {"type": "chat.row", "row": {"seq": row.pk, **content}})
        await self.send_json({"type": "done", "id": content["id"], "seq": row.pk})

    async def chat_row(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "rows", "rows": [event["row"]]})


urlpatterns: list[object] = []
application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": Bare.as_asgi()})
