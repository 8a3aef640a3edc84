"""Which language the pages speak: for a person who is signed in theirs, else what the browser asks for.

Only languages that an operator has switched on (TELEK_LANGUAGES) are spoken: a translation is reviewed by a native
speaker and a clinician before that. The words of the desk exist in English alone, so nobody is offered them otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.http import require_POST

from apps.accounts import actions
from apps.accounts.doors import public
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.requests import safe_next

Handler = Callable[[HttpRequest], HttpResponse]
A_YEAR = 31_536_000


def speak(request: HttpRequest, patient: User | None) -> None:
    """From here on the request speaks that patient's language; None: the desk's."""
    wanted = patient.language if patient else settings.LANGUAGE_CODE
    language = wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    translation.activate(language)
    request.LANGUAGE_CODE = language


class PersonLanguage:
    """Puts the signed-in patient's language, and the desk's for staff, above the browser's wish."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Nobody signed in: Django's LocaleMiddleware has chosen already."""
        user = request.user
        if user.is_authenticated:
            speak(request, user if user.may(Permission.OWN_RECORD) else None)


@require_POST
@public("a choice of language: a cookie, and for a patient who is signed in their own row")
def choose_language(request: HttpRequest) -> HttpResponse:
    """POST language=ar, next=/path/. A language that is not spoken here changes nothing."""
    response = redirect(safe_next(request))
    wanted, user = request.POST.get("language", ""), request.user
    if wanted not in dict(settings.LANGUAGES):
        return response
    if user.is_authenticated and user.may(Permission.OWN_RECORD):
        actions.choose_language(language=wanted, actor=user)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, wanted, max_age=A_YEAR, httponly=True, samesite="Lax", secure=settings.PRODUCTION
    )
    return response
