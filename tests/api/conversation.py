"""What tests of the API share: ask as somebody, by session or by token, and read problem documents."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.tokens import create_token
from tests.cast import Cast

API = "/api/v1/"
UTF8 = "application/json"


def token_of(cast: Cast, user: User, *scopes: Permission) -> str:
    """A fresh token of that person with those scopes."""
    with cast.acting(user), transaction.atomic():
        _row, text = create_token(label="test", scopes=scopes, days=1, actor=user)
    return text


def by_token(text: str, **more: Any) -> Client:
    """A client that is nobody but the token."""
    return Client(headers={"Authorization": f"Bearer {text}"}, **more)


def post(client: Client, path: str, body: Any = None, method: str = "post", **more: Any) -> Any:
    """Send JSON; a text or bytes are sent as they are."""
    data = body if isinstance(body, str | bytes) else json.dumps({} if body is None else body)
    return getattr(client, method)(API + path, data, content_type=more.pop("content_type", UTF8), **more)


def problem(response: HttpResponse, status: int, code: str = "") -> dict[str, Any]:
    """The problem document of a refusal, checked to be one."""
    assert response.status_code == status, response.content[:400]
    assert response["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = json.loads(response.content)
    assert found["status"] == status
    assert found["title"]
    assert found["type"].startswith("urn:telek:problem:")
    if code:
        assert found["type"] == f"urn:telek:problem:{code}"
    return found
