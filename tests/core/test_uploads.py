"""No request brings more than the installation takes."""

from typing import Any

import pytest

from apps.core.uploads import BodyLimit

pytestmark = pytest.mark.asyncio


async def asked(pieces: list[bytes], **heads: bytes) -> tuple[list[Any], list[Any]]:
    """What the application heard, and what was answered, for a limit of ten bytes."""
    heard: list[Any] = []
    answers: list[Any] = []
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]

    async def application(_scope: Any, receive: Any, _send: Any) -> None:
        while waiting:
            heard.append(await receive())

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        answers.append(message)

    headers = [(name.replace("_", "-").encode(), value) for name, value in heads.items()]
    await BodyLimit(application, 10)({"type": "http", "headers": headers}, receive, send)
    return heard, answers


@pytest.mark.parametrize("told", [b"11", b"99999999999999", b"x", b"-1"])
async def test_a_body_that_says_it_is_larger_is_not_read(told: bytes) -> None:
    heard, answers = await asked([b"x"], content_length=told)
    assert (heard, answers[0]["status"]) == ([], 413)


async def test_a_body_that_turns_out_to_be_larger_ends_there() -> None:
    heard, answers = await asked([b"12345", b"67890", b"1", b"2"])
    assert [one["type"] for one in heard] == ["http.request", "http.request", "http.disconnect", "http.disconnect"]
    assert answers == []
