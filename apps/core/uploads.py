"""No request brings more than the installation takes: asked before anything is read or written to disk."""

from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]
WORDS = b"Too large."
LONGEST = 15  # digits of a length


class BodyLimit:
    """ASGI: 413 for a body that says it is larger, and an end to one that turns out to be."""

    def __init__(self, application: Application, most: int) -> None:
        self.application = application
        self.most = most

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not told.isdigit() or len(told) > LONGEST or int(told) > self.most:
            await send({"type": "http.response.start", "status": 413, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": WORDS})
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message: Message = await receive()
            seen += len(message.get("body", b""))
            return message if seen <= self.most else {"type": "http.disconnect"}

        await self.application(scope, counted, send)
