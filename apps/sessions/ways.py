"""How the people of one call reach each other: the server's side of the seam behind which the media travel.

A server for the media (docs/decisions/0017) would answer here with its address and a token.
"""

from typing import Any
from uuid import UUID

from django.conf import settings

from apps.accounts.clinic_settings import setting
from apps.accounts.models import Clinic
from apps.core import clock
from apps.sessions.models import Visit
from apps.sessions.signalling import Paths
from apps.sessions.turn import call_name, ice_configuration


def way(visit: Visit, person_id: UUID) -> dict[str, Any]:
    """RTCConfiguration as JSON for that person in that call, with credentials that hold an hour."""
    return ice_configuration(
        stun_urls=settings.STUN_URLS,
        turn_urls=settings.TURN_URLS,
        secret=settings.TURN_SECRET,
        name=call_name(visit.pk, person_id),
        now=clock.now(),
        relay_only=_relay_only(visit.clinic),
    )


def paths(clinic: Clinic) -> Paths:
    """What signalling may name there. Where calls go through the relay alone, no other address is handed on."""
    relayed = bool(settings.TURN_URLS and settings.TURN_SECRET) and _relay_only(clinic)
    return Paths(loopback=not settings.PRODUCTION, relayed=relayed)


def _relay_only(clinic: Clinic) -> bool:
    return bool(setting(clinic, "video_relay_only"))
