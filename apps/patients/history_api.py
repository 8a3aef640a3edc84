"""Conditions, allergies and medicines over the API: read, write, correct. Entries are written once."""

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
from apps.patients import actions
from apps.patients.medicines import Flag
from apps.patients.models import AllergyIntolerance, Condition, HistoryRow, MedicationStatement, Patient

EVERY = ("id", "patient", "status", "replaces", "reason", "by_patient", "author", "created_at", "synthetic")
READ = (Permission.SEE_CLINICAL, Permission.OWN_RECORD)
WRITE = (Permission.WRITE_OBSERVATIONS,)


class ConditionSerializer(serializers.ModelSerializer[Condition]):
    """A diagnosis; code is ICD-10."""

    class Meta:
        model = Condition
        fields = (*EVERY, "code", "display", "onset_on", "abated_on")
        read_only_fields = fields


class AllergySerializer(serializers.ModelSerializer[AllergyIntolerance]):
    """What the person must not get."""

    class Meta:
        model = AllergyIntolerance
        fields = (*EVERY, "substance", "reaction", "criticality")
        read_only_fields = fields


class MedicineSerializer(serializers.ModelSerializer[MedicationStatement]):
    """What the person takes; flags say why it matters beside ketamine."""

    class Meta:
        model = MedicationStatement
        fields = (*EVERY, "name", "dose", "route", "since", "ended_on", "flags")
        read_only_fields = fields


class ToldCondition(serializers.ModelSerializer[Condition]):
    """A diagnosis to write. display may be left out for a code that ships."""

    code = serializers.CharField(max_length=12)
    display = serializers.CharField(max_length=160, default="", allow_blank=True)

    class Meta:
        model = Condition
        fields = ("code", "display", "status", "onset_on", "abated_on")


class ToldAllergy(serializers.ModelSerializer[AllergyIntolerance]):
    """An allergy to write."""

    class Meta:
        model = AllergyIntolerance
        fields = ("substance", "reaction", "criticality", "status")


class ToldMedicine(serializers.ModelSerializer[MedicationStatement]):
    """A medicine to write. flags: what its name does not say."""

    flags = serializers.ListField(child=serializers.ChoiceField([flag.value for flag in Flag]), default=list)

    class Meta:
        model = MedicationStatement
        fields = ("name", "dose", "route", "since", "ended_on", "status", "flags")


class EntryPatient(serializers.Serializer[Any]):
    """Whose."""

    patient = serializers.UUIDField()


class EntryReason(serializers.Serializer[Any]):
    """Why an entry is replaced."""

    reason = serializers.CharField(max_length=300)


class HistoryFilter(serializers.Serializer[Any]):
    """What a list may be narrowed by. standing: only what holds now."""

    patient = serializers.UUIDField(required=False)
    standing = serializers.BooleanField(default=False)


class HistoryRows(ClinicRows):
    """What the three lists share."""

    told: ClassVar[type[serializers.Serializer[Any]]]
    told_as: ClassVar[type]
    refusals = (actions.HistoryRefused,)
    narrowed_by = HistoryFilter
    needed: ClassVar = {"GET": READ, "POST": WRITE}

    def filter_queryset(self, queryset: Any) -> QuerySet[Any]:
        if self.action != "list":
            return queryset
        asked = HistoryFilter(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        found = asked.validated_data
        if found.pop("standing"):
            queryset = queryset.standing()
        narrowed: QuerySet[Any] = queryset.filter(**found)
        return narrowed

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows().order_by("-created_at", "-id")
        return found

    def create(self, request: Request) -> Response:
        """Write an entry. 409: the code or a day cannot be."""
        patient = self.own(Patient, self.taken(EntryPatient)["patient"])
        row = actions.record_entry(patient=patient, told=self._told(), actor=self.actor)
        return self.show(row, 201)

    @action(detail=True, methods=["post"], needed=WRITE)
    def correct(self, request: Request, pk: str) -> Response:
        """A new entry in the place of this one, with a reason. 409: it was replaced already."""
        old: HistoryRow = self.get_object()
        reason = self.taken(EntryReason)["reason"]
        patient = self.own(Patient, old.patient_id)
        told = self._told()
        row = actions.record_entry(patient=patient, told=told, actor=self.actor, replaces=old, reason=reason)
        return self.show(row, 201)

    @extend_schema(request=EntryReason)
    @action(detail=True, methods=["post"], needed=WRITE)
    def error(self, request: Request, pk: str) -> Response:
        """It was entered in error: it stays, marked."""
        entry = self.get_object()
        reason = self.taken(EntryReason)["reason"]
        row = actions.end_entry(entry=entry, status="entered-in-error", actor=self.actor, reason=reason)
        return self.show(row, 201)

    def _told(self) -> Any:
        given = self.taken(self.told)
        given = {name: tuple(value) if name == "flags" else value for name, value in given.items()}
        return self.told_as(**given)


def _documented(told: type[serializers.Serializer[Any]], shown: type[serializers.Serializer[Any]]) -> Any:
    return extend_schema_view(
        list=extend_schema(parameters=[HistoryFilter]),
        create=extend_schema(request=told, responses={201: shown}),
        correct=extend_schema(request=told, responses={201: shown}),
        error=extend_schema(responses={201: shown}),
    )


@_documented(ToldCondition, ConditionSerializer)
class ConditionViewSet(HistoryRows):
    """Diagnoses by ICD-10 code, newest first, with what they replaced."""

    queryset = Condition.objects.none()
    serializer_class = ConditionSerializer
    told = ToldCondition
    told_as = actions.ConditionTold


@_documented(ToldAllergy, AllergySerializer)
class AllergyViewSet(HistoryRows):
    """Allergies, newest first, with what they replaced."""

    queryset = AllergyIntolerance.objects.none()
    serializer_class = AllergySerializer
    told = ToldAllergy
    told_as = actions.AllergyTold


@_documented(ToldMedicine, MedicineSerializer)
class MedicineViewSet(HistoryRows):
    """Medicines, newest first; a patient's own token may tell of a medicine."""

    needed: ClassVar = {"GET": READ, "POST": (*WRITE, Permission.OWN_RECORD)}
    queryset = MedicationStatement.objects.none()
    serializer_class = MedicineSerializer
    told = ToldMedicine
    told_as = actions.MedicineTold
