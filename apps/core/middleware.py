"""Middleware without a word of the domain."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.core.context import request_id
from apps.core.ids import new_id

Handler = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Names the request, for audit rows and logs; answers with it so that a person can quote it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = str(new_id())
        token = request_id.set(name)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-Id"] = name
        return response


class NoStore:
    """Pages hold health data: no cache keeps them, no referrer names them."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response
