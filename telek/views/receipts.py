"""What became of a message, told by its provider: POST /provider/receipts.

{"reference": <the idempotency key that the message carried>, "status": "delivered" | "opened" | "failed"}, signed:
X-Telek-Timestamp holds Unix seconds, X-Telek-Signature the hex HMAC-SHA256 of "<timestamp>.<body>" under
settings.RECEIPT_SECRET. Receipts may come twice, late, in any order and before the answer to the message itself.
"""

import hashlib
import hmac
import json
from http import HTTPStatus
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts.doors import public
from apps.core import clock
from telek import heard

MOST_BYTES: Final = 16_384
MOST_AGE_SECONDS: Final = 300
MOST_DIGITS: Final = 12


@public("the provider of messages signs what it sends")
@csrf_exempt
@require_POST
def receipt(request: HttpRequest) -> HttpResponse:
    """204 when noted or of no interest; 400, 403, 404 or 413 for what cannot be one of ours."""
    if not settings.RECEIPT_SECRET:
        raise Http404
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if not _is_signed(request):
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    try:
        told = json.loads(request.body)
        reference, status = UUID(told["reference"]), str(told["status"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    return HttpResponse(status=HTTPStatus.NO_CONTENT if heard.note(reference, status) else HTTPStatus.NOT_FOUND)


def _is_signed(request: HttpRequest) -> bool:
    """By the secret, and within the last five minutes."""
    stamp = request.headers.get("X-Telek-Timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= MOST_DIGITS):
        return False
    if abs(clock.now().timestamp() - int(stamp)) > MOST_AGE_SECONDS:
        return False
    given = request.headers.get("X-Telek-Signature", "")
    return hmac.compare_digest(given.encode(), signature(stamp, request.body).encode())


def signature(stamp: str, body: bytes) -> str:
    """The hex HMAC-SHA256 that a receipt carries."""
    return hmac.new(settings.RECEIPT_SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
