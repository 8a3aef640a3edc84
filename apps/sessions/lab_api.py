"""Laboratory results over the API: a laboratory or an interface engine hands them in, once each."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ClinicRows
from apps.accounts.permissions import Permission
from apps.patients.models import Patient
from apps.sessions import actions
from apps.sessions.models import LabFinding, LabResult
from apps.sessions.refusal import TreatmentRefused


class LabResultSerializer(serializers.ModelSerializer[LabResult]):
    """One result as it is kept. code: as LabCode."""

    code = serializers.CharField(read_only=True)

    class Meta:
        model = LabResult
        fields = (
            "id",
            "patient",
            "code",
            "value",
            "unit",
            "upper_limit",
            "finding",
            "taken_on",
            "laboratory",
            "external_id",
            "source",
            "status",
        )
        read_only_fields = fields


class NewLabSerializer(serializers.Serializer[Any]):
    """A result to keep. external_id: the sender's own; the same again is the same row. ALT and AST need upper_limit.

    code: alt, ast, alp, ggt, bilirubin, creatinine, urinalysis, hcg, cognition, drug-screen, ecg.
    """

    patient = serializers.UUIDField()
    code = serializers.CharField(max_length=12)
    taken_on = serializers.DateField()
    value = serializers.DecimalField(max_digits=9, decimal_places=3, min_value=0, required=False, allow_null=True)
    unit = serializers.CharField(max_length=12, required=False, allow_blank=True)
    upper_limit = serializers.DecimalField(max_digits=9, decimal_places=3, min_value=0, required=False, allow_null=True)
    finding = serializers.ChoiceField(choices=LabFinding.choices, required=False, allow_blank=True)
    laboratory = serializers.CharField(max_length=120, required=False, allow_blank=True)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=80)


class LabFilter(serializers.Serializer[Any]):
    """What a list may be narrowed by."""

    patient = serializers.UUIDField(required=False)
    code = serializers.CharField(max_length=12, required=False)


class LabResultViewSet(ClinicRows):
    """Laboratory results, newest first."""

    needed: ClassVar = {
        "GET": (Permission.SEE_CLINICAL, Permission.OWN_RECORD),
        "POST": (Permission.WRITE_OBSERVATIONS,),
    }
    serializer_class = LabResultSerializer
    narrowed_by = LabFilter
    refusals = (TreatmentRefused,)
    queryset = LabResult.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows().order_by("-taken_on", "id")
        return found

    @extend_schema(request=NewLabSerializer, responses={201: LabResultSerializer})
    def create(self, request: Request) -> Response:
        """Keep a result. 409: it says nothing, lies in the future, or its number is another person's."""
        data = self.taken(NewLabSerializer)
        patient = self.own(Patient, data.pop("patient"))
        lab = actions.Lab(**data)
        return self.show(actions.record_lab(patient=patient, lab=lab, actor=self.actor, source="api"), 201)
