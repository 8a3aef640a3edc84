"""Alerts over the API: read, take, record contact, stay with, hand over, escalate, close."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import Permission
from apps.alerts import actions, roster
from apps.alerts.models import Alert, AlertEvent, AlertState, ContactAttempt, Disposition
from apps.alerts.refusal import AlertRefused
from apps.audit import actions as audit
from apps.core import clock
from apps.core.api import Conflict


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """One alert; everything changes by the verbs only."""

    owner_name = serializers.CharField(source="owner.user.name", default=None, read_only=True)

    class Meta:
        model = Alert
        fields = (
            "id",
            "patient",
            "cause",
            "level",
            "state",
            "title",
            "count",
            "code",
            "raised_at",
            "next_step_at",
            "contact_due_at",
            "call_promised_by",
            "owner",
            "owner_name",
            "acked_at",
            "resolved_at",
            "disposition",
            "note",
            "version",
            "synthetic",
        )
        read_only_fields = fields


class AlertEventSerializer(serializers.ModelSerializer[AlertEvent]):
    """One line of an alert's history; actor: a membership, null for the system or the patient.

    recorded: what was written down at closing, by name; empty for any other event.
    """

    recorded = serializers.DictField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = AlertEvent
        fields = ("id", "created_at", "kind", "actor", "text", "recorded")
        read_only_fields = fields


class ReasonSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=400)


class ContactSerializer(serializers.Serializer[Any]):
    """A try to reach the person."""

    channel = serializers.ChoiceField(choices=ContactAttempt._meta.get_field("channel").flatchoices)
    reached = serializers.BooleanField()
    text = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


class HandOverSerializer(ReasonSerializer):
    """To which membership, and why."""

    to = serializers.UUIDField()


class ResolveSerializer(serializers.Serializer[Any]):
    """How it ended, and a note."""

    disposition = serializers.ChoiceField(choices=Disposition.choices)
    text = serializers.CharField(max_length=4000)
    record = serializers.DictField(
        child=serializers.CharField(max_length=2000, allow_blank=True),
        required=False,
        help_text="What was asked, judged, done and comes next, by name; a P1 or P2 is refused without it.",
    )


class FilterSerializer(serializers.Serializer[Any]):
    """What a list may be narrowed by."""

    state = serializers.ChoiceField(choices=AlertState.choices, required=False)
    level = serializers.ChoiceField(choices=["P1", "P2", "P3"], required=False)
    patient = serializers.UUIDField(required=False)


class AlertViewSet(viewsets.ReadOnlyModelViewSet[Alert]):
    """The clinic's alerts, most urgent first; `?state=open`, `?level=P1`, `?patient=<id>`.

    What the state of the alert does not allow answers 409 with what is in the way.
    """

    needed: ClassVar = {
        "GET": (Permission.SEE_DESK,),
        "HEAD": (Permission.SEE_DESK,),
        "OPTIONS": (Permission.SEE_DESK,),
        "POST": (Permission.HANDLE_ALERTS,),
    }
    serializer_class = AlertSerializer
    queryset = Alert.objects.none()
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Alert]:
        rows = Alert.objects.visible_to(self.request.user).select_related("patient", "clinic", "owner__user")
        return _filtered(rows, self.request.query_params).order_by("level", "raised_at", "pk")

    @extend_schema(parameters=[FilterSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        audit.record_seen(page, actor_id=request.user.pk, detail="api")
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        alert = self.get_object()
        audit.record_seen([alert], actor_id=request.user.pk, detail="api")
        return Response(self.get_serializer(alert).data)

    @extend_schema(responses=AlertEventSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Request, pk: str) -> Response:
        """What happened to this alert, oldest first."""
        alert = self.get_object()
        audit.record_seen([alert], actor_id=request.user.pk, detail="api-history")
        return Response(AlertEventSerializer(alert.events.all(), many=True).data)

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Take an open alert."""
        return self._do(lambda alert, actor, data: actions.acknowledge(alert=alert, actor=actor))

    @extend_schema(request=ContactSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def contact(self, request: Request, pk: str) -> Response:
        """Record a try to reach the person."""
        return self._do(
            lambda alert, actor, data: actions.record_contact(alert=alert, actor=actor, **data), ContactSerializer
        )

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"], url_path="still-with-them")
    def still(self, request: Request, pk: str) -> Response:
        """The owner is at it."""
        return self._do(lambda alert, actor, data: actions.still_with_them(alert=alert, actor=actor))

    @extend_schema(request=HandOverSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, pk: str) -> Response:
        """Give it to a colleague."""
        return self._do(_hand_over, HandOverSerializer)

    @extend_schema(request=ReasonSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def escalate(self, request: Request, pk: str) -> Response:
        """Page the next rung now."""
        return self._do(
            lambda alert, actor, data: actions.escalate_now(alert=alert, actor=actor, **data), ReasonSerializer
        )

    @extend_schema(request=ResolveSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Close it."""
        return self._do(lambda alert, actor, data: actions.resolve(alert=alert, actor=actor, **data), ResolveSerializer)

    def _do(
        self,
        verb: Callable[[Alert, Any, dict[str, Any]], Alert],
        takes: type[serializers.Serializer[Any]] | None = None,
    ) -> Response:
        alert = self.get_object()
        data: dict[str, Any] = {}
        if takes is not None:
            body = takes(data=self.request.data)
            body.is_valid(raise_exception=True)
            data = body.validated_data
        try:
            changed = verb(alert, self.request.user, data)
        except AlertRefused as refusal:
            raise Conflict(detail=refusal.message, code=refusal.code) from refusal
        return Response(self.get_serializer(changed).data)


def _hand_over(alert: Alert, actor: Any, data: dict[str, Any]) -> Alert:
    to = roster.handlers(alert.clinic_id, clock.now()).filter(pk=data["to"]).first()
    if to is None:
        raise AlertRefused("to", _("Choose a colleague who may take alerts."))
    return actions.hand_over(alert=alert, actor=actor, to=to, reason=data["reason"])


def _filtered(rows: QuerySet[Alert], given: Any) -> QuerySet[Alert]:
    asked = FilterSerializer(data=given)
    asked.is_valid(raise_exception=True)
    return rows.filter(**asked.validated_data)
