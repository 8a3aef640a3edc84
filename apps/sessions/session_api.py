"""Dosing sessions over the API: list, read, events, leaving. The same actions as the pages, the same refusals."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ClinicRows
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.core import clock
from apps.sessions import actions
from apps.sessions.evidence import gate_of, standing_dose
from apps.sessions.models import TAPS, DosingSession, SessionEvent, SessionStatus
from apps.sessions.refusal import TreatmentRefused

NUMBERS = ("sbp", "dbp", "hr", "spo2", "rr", "score", "grade")


class DosingSessionSerializer(serializers.ModelSerializer[DosingSession]):
    """A person in the chair, from coming to leaving; last_ fields repeat the newest events."""

    class Meta:
        model = DosingSession
        fields = (
            "id",
            "patient",
            "course",
            "number",
            "chair",
            "status",
            "opened_at",
            "dose_label",
            "dose_started_at",
            "dose_ended_at",
            "last_sbp",
            "last_dbp",
            "last_hr",
            "last_spo2",
            "last_rr",
            "last_vitals_at",
            "last_moaas",
            "last_moaas_at",
            "level",
            "next_check_at",
            "finished_at",
            "outcome",
            "outcome_missing",
            "version",
            "synthetic",
        )
        read_only_fields = fields


class SessionEventSerializer(serializers.ModelSerializer[SessionEvent]):
    """One thing that happened. A correction is a row of its own that names what it corrects."""

    class Meta:
        model = SessionEvent
        fields = ("id", "client_id", "kind", "occurred_at", *NUMBERS, "rate_ml_h", "term", "text", "corrects", "actor")
        read_only_fields = fields


class TapSerializer(serializers.Serializer[Any]):
    """One event to note. client_id: the same again is the same event; occurred_at: left out, now."""

    client_id = serializers.UUIDField(default=uuid4)
    kind = serializers.ChoiceField(sorted(TAPS))
    occurred_at = serializers.DateTimeField(default=clock.now)
    sbp = serializers.IntegerField(required=False)
    dbp = serializers.IntegerField(required=False)
    hr = serializers.IntegerField(required=False)
    spo2 = serializers.IntegerField(required=False)
    rr = serializers.IntegerField(required=False)
    score = serializers.IntegerField(required=False)
    grade = serializers.IntegerField(required=False)
    rate_ml_h = serializers.DecimalField(max_digits=7, decimal_places=2, required=False)
    term = serializers.CharField(max_length=60, default="", allow_blank=True)
    text = serializers.CharField(max_length=300, default="", allow_blank=True)
    corrects = serializers.UUIDField(default=None, allow_null=True)


class TapsSerializer(serializers.Serializer[Any]):
    """A batch, each taken or refused by itself."""

    events = TapSerializer(many=True)


class RefusedEventSerializer(serializers.Serializer[Any]):
    """Why one event was not taken."""

    client_id = serializers.UUIDField()
    code = serializers.CharField()
    words = serializers.CharField()


class NotedSerializer(serializers.Serializer[Any]):
    """What became of a batch."""

    created = SessionEventSerializer(many=True)
    repeated = serializers.ListField(child=serializers.UUIDField())
    refused = RefusedEventSerializer(many=True)


class LeaveSerializer(serializers.Serializer[Any]):
    """reason, second (a membership) and their pin only where something is missing that may be overridden."""

    reason = serializers.CharField(max_length=300, default="", allow_blank=True)
    second = serializers.UUIDField(default=None, allow_null=True)
    pin = serializers.CharField(max_length=12, default="", allow_blank=True)


class StandsSerializer(serializers.Serializer[Any]):
    """What stands against the dose (before it) or against leaving (after it): codes."""

    may = serializers.ChoiceField(["dose", "leave"])
    allowed = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())
    overridable = serializers.ListField(child=serializers.CharField())


class SessionFilter(serializers.Serializer[Any]):
    """What a list may be narrowed by."""

    patient = serializers.UUIDField(required=False)
    course = serializers.UUIDField(required=False)
    status = serializers.ChoiceField(choices=SessionStatus.choices, required=False)


@extend_schema_view(list=extend_schema(parameters=[SessionFilter]))
class DosingSessionViewSet(ClinicRows):
    """Dosing sessions, latest first."""

    needed: ClassVar = {"GET": (Permission.SEE_CLINICAL,), "POST": (Permission.GIVE_DOSES,)}
    serializer_class = DosingSessionSerializer
    narrowed_by = SessionFilter
    refusals = (TreatmentRefused,)
    queryset = DosingSession.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows().select_related("patient", "course", "clinic").order_by("-opened_at", "id")
        return found

    @extend_schema(responses=SessionEventSerializer(many=True))
    @action(
        detail=True,
        methods=["get"],
        needed={"GET": (Permission.SEE_CLINICAL,), "POST": (Permission.WRITE_OBSERVATIONS,)},
    )
    def events(self, request: Request, pk: str) -> Response:
        """Everything that happened, in order; what was corrected is there as well."""
        session = self.get_object()
        rows = list(session.events.order_by("occurred_at", "id"))
        audit.record_seen([session], actor_id=self.actor.pk, detail="api events")
        return Response(SessionEventSerializer(rows, many=True).data)

    @extend_schema(request=TapsSerializer, responses=NotedSerializer)
    @events.mapping.post
    def note(self, request: Request, pk: str) -> Response:
        """Note events. The same client id twice is one event; what alarms, alarms in the same transaction."""
        try:
            taps = [_tap(one) for one in self.taken(TapsSerializer)["events"]]
        except APIException:
            self.own(DosingSession, pk)  # to a stranger, what is wrong with the body says nothing
            raise
        try:
            noted = actions.note_events(session=DosingSession(pk=pk), taps=taps, actor=self.actor)  # reads and locks it
        except TreatmentRefused as refusal:
            if refusal.code == "not-found":
                raise Http404 from refusal
            raise
        return Response(noted_body(noted))

    @extend_schema(responses=StandsSerializer)
    @action(detail=True, methods=["get"])
    def stands(self, request: Request, pk: str) -> Response:
        """What is missing now, for the dose or for leaving."""
        session = self.get_object()
        audit.record_seen([session], actor_id=self.actor.pk, detail="api stands")
        return Response(StandsSerializer(_stands(session)).data)

    @extend_schema(request=LeaveSerializer, responses=DosingSessionSerializer)
    @action(detail=True, methods=["post"], needed=(Permission.GIVE_DOSES,))
    def discharge(self, request: Request, pk: str) -> Response:
        """The person may go. 409: something is missing, or nobody may override it."""
        given = self.taken(LeaveSerializer)
        session = actions.discharge(
            session=self.get_object(),
            reason=given["reason"],
            second_id=given["second"],
            pin=given["pin"],
            actor=self.actor,
        )
        return self.show(session)


_TIME, _RATE = serializers.DateTimeField(), TapSerializer().fields["rate_ml_h"]


def noted_body(noted: actions.Noted) -> dict[str, Any]:
    """What NotedSerializer makes of it, without making its fields anew for each reading of each chair."""
    refused = [{"client_id": str(key), "code": why[0], "words": why[1]} for key, why in noted.refused.items()]
    return {
        "created": [_event_body(event) for event in noted.created],
        "repeated": [str(one) for one in noted.repeated],
        "refused": refused,
    }


def _event_body(event: SessionEvent) -> dict[str, Any]:
    return {
        "id": str(event.pk),
        "client_id": str(event.client_id),
        "kind": event.kind,
        "occurred_at": _TIME.to_representation(event.occurred_at),
        **{name: getattr(event, name) for name in NUMBERS},
        "rate_ml_h": None if event.rate_ml_h is None else _RATE.to_representation(event.rate_ml_h),
        "term": event.term,
        "text": event.text,
        "corrects": event.corrects_id,
        "actor": event.actor_id,
    }


def _tap(given: dict[str, Any]) -> actions.Tap:
    values = {name: given[name] for name in NUMBERS if given.get(name) is not None}
    rest = {name: given[name] for name in ("client_id", "kind", "occurred_at", "term", "text", "corrects")}
    return actions.Tap(**rest, values=values, rate_ml_h=given.get("rate_ml_h"))


def _stands(session: DosingSession) -> dict[str, Any]:
    at = clock.now()
    if standing_dose(session) is None:
        gate = gate_of(session, at)
        return {
            "may": "dose",
            "allowed": gate.is_open and session.is_open,
            "missing": [item.code for item in gate.blocking],
            "overridable": [item.code for item in gate.to_override],
        }
    found = actions.leaving(session, at)
    assert found is not None  # noqa: S101  (there is a dose)
    return {
        "may": "leave",
        "allowed": found.can_discharge and session.is_open,
        "missing": found.blockers,
        "overridable": found.blockers if found.overridable else [],
    }
