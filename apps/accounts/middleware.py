"""From the session to a clinic: who is this, in which clinic do they work now, in which transaction."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from apps.accounts.authentication import bearer_text, living_token, scope_of_token
from apps.accounts.models import BreakGlass, Clinic, Membership, User, membership_in_force
from apps.accounts.permissions import Role
from apps.core import clock
from apps.core.db.scope import use_clinic, use_user

Handler = Callable[[HttpRequest], HttpResponse]
CLINIC_KEY = "clinic"


class ClinicTransaction:
    """Opens the request's transaction under its clinic; rolls back on a 5xx. Views never set a scope themselves."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        bearer = bearer_text(request)
        if bearer is not None:
            return self._by_token(request, bearer)
        user = request.user
        if not user.is_authenticated:
            return self._in_transaction(request)
        with use_user(user.pk):
            user.membership = resolve_membership(user, request.session.get(CLINIC_KEY))
            if user.membership is None:
                return self._in_transaction(request)
            with use_clinic(user.membership.clinic_id):
                return self._in_transaction(request)

    def _by_token(self, request: HttpRequest, bearer: str) -> HttpResponse:
        """The clinic of the token, whatever session came along. An unknown token is refused by its authentication."""
        scope = scope_of_token(bearer)
        if scope is not None:
            clinic_id, user_id = scope
            with use_user(user_id), use_clinic(clinic_id), transaction.atomic():
                token = living_token(bearer)
                if token is not None:
                    request.api_token = token  # type: ignore[attr-defined]
                    return self._respond(request)
        return self._in_transaction(request)

    def _in_transaction(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            return self._respond(request)

    def _respond(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if hasattr(response, "render") and callable(response.render):
            response.render()  # templates read rows; they must do so inside the transaction
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            transaction.set_rollback(True)
        return response


def resolve_membership(user: User, clinic_id: str | None) -> Membership | None:
    """The membership in force for that clinic, else the person's first. Needs `use_user`.

    A platform admin with emergency access to that clinic gets one that is stored nowhere.
    """
    wanted = UUID(clinic_id) if clinic_id else None
    with transaction.atomic():
        found = membership_in_force(user.pk, wanted, clock.now())
        if found is None and wanted and user.is_superuser:
            found = emergency_membership(user, wanted)
        return found or (membership_in_force(user.pk, None, clock.now()) if wanted else None)


def emergency_membership(user: User, clinic_id: UUID) -> Membership | None:
    """What an unexpired emergency access lets a platform admin be: a reader, under the access's own id."""
    with use_clinic(clinic_id):
        access = BreakGlass.objects.filter(user=user, expires_at__gt=clock.now()).order_by("-expires_at").first()
        clinic = Clinic.objects.filter(pk=clinic_id).first()
    if access is None or clinic is None:
        return None
    return Membership(id=access.pk, clinic=clinic, user=user, role=Role.EMERGENCY)
