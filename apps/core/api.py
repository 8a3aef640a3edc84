"""What every API door shares: strict JSON, paging and RFC 9457 problem details."""

import json
import math
from http import HTTPStatus
from typing import Any, NoReturn

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.http import Http404
from rest_framework import exceptions, pagination, parsers
from rest_framework.response import Response

BODY_BYTES = 1024 * 1024


class Pages(pagination.PageNumberPagination):
    """Pages of 50, at most 200."""

    page_size_query_param = "page_size"
    max_page_size = 200


class Conflict(exceptions.APIException):
    """409: what was asked does not fit the state of the row."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "Conflict."
    default_code = "conflict"


class Unprocessable(exceptions.APIException):
    """422: well-formed, and not a value that this could have."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_detail = "This value cannot be taken."
    default_code = "unprocessable"


class TooBig(exceptions.APIException):
    """413: more than 1 MiB."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "At most 1 MiB can be sent at once."
    default_code = "too-big"


class StrictJSON(parsers.JSONParser):
    """JSON in UTF-8, at most 1 MiB: no NaN, no number that is infinite, no name twice in an object.

    Two readers of one text must not see two things: of a name that comes twice, each takes another one.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        encoding = str((parser_context or {}).get("encoding") or "utf-8")
        if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
            raise exceptions.UnsupportedMediaType(f"{media_type}, not in UTF-8")
        body = stream.read(BODY_BYTES + 1)
        if len(body) > BODY_BYTES:
            raise TooBig
        try:
            return json.loads(
                body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_names_once
            )
        except (ValueError, RecursionError) as error:
            raise exceptions.ParseError(f"This is not strict JSON in UTF-8: {error}"[:200]) from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice in an object")
    return found


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answer to an error, as `application/problem+json` (RFC 9457): type, title, status, detail, errors.

    type ends in a code that does not change; title is the HTTP status in words; detail is for the person.
    """
    from rest_framework.views import exception_handler  # its views read settings that name this module

    error = _as_api_error(error)
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


def _as_api_error(error: Exception) -> Exception:
    if isinstance(error, ValidationError):
        by_field = hasattr(error, "error_dict")
        return exceptions.ValidationError(error.message_dict if by_field else error.messages)
    if isinstance(error, RequestDataTooBig):
        return TooBig()
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError()
    return error


def _code(error: Exception) -> str:
    if isinstance(error, Http404):
        return "not-found"
    if isinstance(error, PermissionDenied):
        return "permission-denied"
    codes = error.get_codes() if isinstance(error, exceptions.APIException) else None
    return str(codes if isinstance(codes, str) else getattr(error, "default_code", "error")).replace("_", "-")
