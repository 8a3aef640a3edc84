"""Video visits over the API: read, book, move, cancel; admit, end, write and sign the note."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ClinicRows
from apps.accounts.models import Membership
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.patients.models import Patient
from apps.sessions import actions
from apps.sessions.models import Visit, VisitNote, VisitStatus
from apps.sessions.refusal import VisitRefused
from apps.sessions.visit_rules import MINUTES_MAX, MINUTES_MIN


class VisitSerializer(serializers.ModelSerializer[Visit]):
    """A video visit. clinician: a membership's id."""

    class Meta:
        model = Visit
        fields = (
            "id",
            "patient",
            "clinician",
            "starts_at",
            "ends_at",
            "status",
            "reason",
            "arrived_at",
            "admitted_at",
            "finished_at",
            "delay_minutes",
            "cancel_reason",
            "by_phone_at",
            "version",
            "synthetic",
        )
        read_only_fields = fields


class ChangeSerializer(serializers.Serializer[Any]):
    """What may change before a visit begins."""

    clinician = serializers.UUIDField(required=False)
    starts_at = serializers.DateTimeField(required=False)
    minutes = serializers.IntegerField(min_value=MINUTES_MIN, max_value=MINUTES_MAX, required=False)
    reason = serializers.CharField(max_length=120, required=False, allow_blank=True)


class BookSerializer(ChangeSerializer):
    """Whom, with whom, when. alert: the one that the visit answers."""

    patient = serializers.UUIDField()
    clinician = serializers.UUIDField()
    starts_at = serializers.DateTimeField()
    minutes = serializers.IntegerField(min_value=MINUTES_MIN, max_value=MINUTES_MAX)
    reason = serializers.CharField(max_length=120, default="", allow_blank=True)
    alert = serializers.UUIDField(required=False, allow_null=True)


class CancelSerializer(serializers.Serializer[Any]):
    """Why; the person sees it."""

    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class NoteSerializer(serializers.Serializer[Any]):
    """The note of the visit's clinician. sign: sign it, which needs a next step; for_patient: what the person reads."""

    text = serializers.CharField(max_length=20_000, allow_blank=True)
    for_patient = serializers.CharField(max_length=2_000, default="", allow_blank=True)
    next_step = serializers.ChoiceField(
        choices=VisitNote._meta.get_field("next_step").choices or [], default="", allow_blank=True
    )
    next_step_on = serializers.DateField(default=None, allow_null=True)
    sign = serializers.BooleanField(default=False)


class WrittenNoteSerializer(serializers.ModelSerializer[VisitNote]):
    """A note as it is kept."""

    class Meta:
        model = VisitNote
        fields = ("id", "visit", "text", "for_patient", "next_step", "next_step_on", "status", "signed_at", "saved_at")
        read_only_fields = fields


class VisitFilter(serializers.Serializer[Any]):
    """What a list of visits may be narrowed by."""

    patient = serializers.UUIDField(required=False)
    clinician = serializers.UUIDField(required=False)
    status = serializers.ChoiceField(choices=VisitStatus.choices, required=False)


@extend_schema_view(list=extend_schema(parameters=[VisitFilter]))
class VisitViewSet(ClinicRows):
    """Video visits, latest first."""

    needed: ClassVar = {
        "GET": (Permission.SEE_CLINICAL, Permission.OWN_RECORD),
        "POST": (Permission.BOOK_VISITS,),
        "PATCH": (Permission.BOOK_VISITS,),
    }
    serializer_class = VisitSerializer
    narrowed_by = VisitFilter
    refusals = (VisitRefused,)
    queryset = Visit.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows().order_by("-starts_at", "id")
        return found

    @extend_schema(request=BookSerializer, responses={201: VisitSerializer})
    def create(self, request: Request) -> Response:
        """Book a visit and tell the person. 409: the time is taken, or past."""
        data = self.taken(BookSerializer)
        data["patient"] = self.own(Patient, data["patient"])
        data["clinician"] = self.own(Membership, data["clinician"])
        if data.get("alert"):
            data["alert"] = self.own(Alert, data["alert"])
        return self.show(actions.book_visit(**data, actor=self.actor), 201)

    @extend_schema(request=ChangeSerializer, responses=VisitSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Move a planned visit, or give it another length, clinician or reason."""
        data = self.taken(ChangeSerializer)
        if "clinician" in data:
            data["clinician"] = self.own(Membership, data["clinician"])
        return self.show(actions.change(visit=self.get_object(), actor=self.actor, **data))

    @extend_schema(request=CancelSerializer, responses=VisitSerializer)
    @action(detail=True, methods=["post"], needed=(Permission.BOOK_VISITS, Permission.OWN_RECORD))
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel a visit that has not begun; the person may until two hours before."""
        reason = self.taken(CancelSerializer)["reason"]
        return self.show(actions.cancel(visit=self.get_object(), reason=reason, actor=self.actor))

    @extend_schema(request=None, responses=VisitSerializer)
    @action(detail=True, methods=["post"], needed=(Permission.HOLD_VISITS,))
    def admit(self, request: Request, pk: str) -> Response:
        """Let the waiting person in. 409: nobody waits, or the visit is with a colleague."""
        return self.show(actions.admit(visit=self.get_object(), actor=self.actor))

    @extend_schema(request=None, responses=VisitSerializer)
    @action(detail=True, methods=["post"], needed=(Permission.HOLD_VISITS,))
    def finish(self, request: Request, pk: str) -> Response:
        """End the visit for both sides."""
        return self.show(actions.finish(visit=self.get_object(), actor=self.actor))

    @extend_schema(request=NoteSerializer, responses=WrittenNoteSerializer)
    @action(detail=True, methods=["post"], needed=(Permission.HOLD_VISITS,))
    def note(self, request: Request, pk: str) -> Response:
        """Keep the draft of one's own note; with sign, sign it. 409: signed already, no next step, not begun."""
        data = self.taken(NoteSerializer)
        sign = data.pop("sign")
        with transaction.atomic():
            note = actions.save_note(visit=self.get_object(), **data, actor=self.actor)
            if sign:
                step = {"next_step": data["next_step"], "next_step_on": data["next_step_on"]}
                note = actions.sign_note(note=note, **step, actor=self.actor)
        return Response(WrittenNoteSerializer(note).data)
