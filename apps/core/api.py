"""What every API door shares: paging and RFC 9457 problem details."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import exceptions, pagination
from rest_framework.response import Response
from rest_framework.views import exception_handler


class Pages(pagination.PageNumberPagination):
    """Pages of 50, at most 200."""

    page_size_query_param = "page_size"
    max_page_size = 200


class Conflict(exceptions.APIException):
    """409: what was asked does not fit the state of the row."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "Conflict."
    default_code = "conflict"


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answer to an error, as `application/problem+json` (RFC 9457)."""
    if isinstance(error, ValidationError):
        error = exceptions.ValidationError(error.messages)
    response = exception_handler(error, context)
    if response is None:
        return None
    status = HTTPStatus(response.status_code)
    problem: dict[str, Any] = {
        "type": f"urn:telek:problem:{_code(error)}",
        "title": status.phrase,
        "status": status.value,
    }
    if isinstance(error, exceptions.ValidationError):
        problem["errors"] = response.data
        problem["detail"] = "Some of what was sent cannot be accepted."
    elif isinstance(response.data, dict):
        problem["detail"] = str(response.data.get("detail", ""))
    response.data = problem
    response.content_type = "application/problem+json"
    return response


def _code(error: Exception) -> str:
    if isinstance(error, Http404):
        return "not-found"
    if isinstance(error, PermissionDenied):
        return "permission-denied"
    return str(getattr(error, "default_code", "error")).replace("_", "-")
