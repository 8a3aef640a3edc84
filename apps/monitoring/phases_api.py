"""The phase of a person's course over the API: which it was, look at a switch, switch."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ClinicRows
from apps.accounts.permissions import Permission
from apps.monitoring import actions
from apps.monitoring.actions.phases import Switch, phase_of
from apps.monitoring.api import SEE, OfPatient
from apps.monitoring.instruments.rhythms import PHASES
from apps.monitoring.models import TreatmentPhase
from apps.monitoring.refusals import SurveyRefused
from apps.patients.models import Patient


class PhaseSerializer(serializers.ModelSerializer[TreatmentPhase]):
    """A phase; ended_at: null for the one in which the person is now. started_by: a membership."""

    class Meta:
        model = TreatmentPhase
        fields = ("id", "patient", "phase", "started_at", "ended_at", "started_by")
        read_only_fields = fields


class SwitchSerializer(serializers.Serializer[Any]):
    """Whom, and into which phase."""

    patient = serializers.UUIDField()
    phase = serializers.ChoiceField(choices=list(PHASES))


class LeftAloneSerializer(serializers.Serializer[Any]):
    """A form that the switch does not touch, and why."""

    questionnaire = serializers.CharField()
    why = serializers.CharField()


class PlanSerializer(serializers.Serializer[Any]):
    """What a switch does, by instrument."""

    phase = serializers.CharField()
    starts = serializers.ListField(child=serializers.CharField())
    changes = serializers.ListField(child=serializers.CharField())
    ends = serializers.ListField(child=serializers.CharField())
    left_alone = LeftAloneSerializer(many=True)


@extend_schema_view(list=extend_schema(parameters=[OfPatient]))
class PhaseViewSet(ClinicRows):
    """Phases of treatment, newest first. Each has its set of forms; switching ends one set and starts the other."""

    needed: ClassVar = {"GET": SEE, "POST": (Permission.MANAGE_SCHEDULES,)}
    serializer_class = PhaseSerializer
    narrowed_by = OfPatient
    refusals = (SurveyRefused,)
    queryset = TreatmentPhase.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows().order_by("-started_at", "id")
        return found

    @extend_schema(request=SwitchSerializer, responses={201: PhaseSerializer})
    def create(self, request: Request) -> Response:
        """Switch. The same phase again changes nothing; what was opened or answered stays."""
        data = self.taken(SwitchSerializer)
        patient = self.own(Patient, data["patient"])
        actions.switch_phase(patient=patient, phase=data["phase"], actor=self.actor)
        now = phase_of(patient)
        assert now is not None  # noqa: S101  (a switch leaves one)
        return self.show(now, 201)

    @extend_schema(request=SwitchSerializer, responses=PlanSerializer)
    @action(detail=False, methods=["post"])
    def plan(self, request: Request) -> Response:
        """What a switch would do; nothing is written."""
        data = self.taken(SwitchSerializer)
        return Response(_in_words(actions.plan_switch(self.own(Patient, data["patient"]), data["phase"])))


def _in_words(found: Switch) -> dict[str, Any]:
    return {
        "phase": found.phase,
        "starts": [line.key for line in found.starts],
        "changes": [row.questionnaire.key for row, _line in found.changes],
        "ends": [row.questionnaire.key for row in found.ends],
        "left_alone": [{"questionnaire": key, "why": str(why)} for key, why in found.left_alone],
    }
