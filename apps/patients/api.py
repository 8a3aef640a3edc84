"""People in care over the API: read, register, change contacts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ClinicRows
from apps.accounts.models import Membership
from apps.accounts.permissions import Permission, Role
from apps.patients import actions
from apps.patients.models import Patient


class PatientSerializer(serializers.ModelSerializer[Patient]):
    """A person in care. treating: a membership's id; quiet_from and quiet_until: their own local time."""

    class Meta:
        model = Patient
        fields = (
            "id",
            "number",
            "family_name",
            "given_name",
            "birth_on",
            "sex",
            "pronouns",
            "time_zone",
            "address",
            "phone",
            "emergency_number",
            "diagnosis",
            "allergies",
            "treating",
            "quiet_from",
            "quiet_until",
            "status",
            "synthetic",
        )
        read_only_fields = fields


class RecordSerializer(serializers.ModelSerializer[Patient]):
    """What staff may change on a record."""

    treating = serializers.UUIDField(required=False, allow_null=True)

    class Meta:
        model = Patient
        fields = (*actions.CONTACT_FIELDS, "treating")


class NewPatientSerializer(serializers.ModelSerializer[Patient]):
    """What is asked when somebody is registered; they are invited to the portal by email."""

    email = serializers.EmailField(max_length=254)
    number = serializers.CharField(max_length=20)
    time_zone = serializers.CharField(max_length=64, required=False)
    treating = serializers.UUIDField(required=False, allow_null=True)

    class Meta:
        model = Patient
        fields = ("email", "number", "family_name", "given_name", "birth_on", "sex", "time_zone", "phone", "treating")


class PatientFilter(serializers.Serializer[Any]):
    """What a list of people may be narrowed by."""

    number = serializers.CharField(required=False, max_length=20)
    status = serializers.ChoiceField(choices=Patient._meta.get_field("status").flatchoices, required=False)


@extend_schema_view(list=extend_schema(parameters=[PatientFilter]))
class PatientViewSet(ClinicRows):
    """The clinic's people in care; a patient's own token sees themselves."""

    needed: ClassVar = {
        "GET": (Permission.SEE_CLINICAL, Permission.OWN_RECORD),
        "POST": (Permission.MANAGE_PATIENTS,),
        "PATCH": (Permission.MANAGE_PATIENTS,),
    }
    serializer_class = PatientSerializer
    narrowed_by = PatientFilter
    queryset = Patient.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows().known().order_by("family_name", "given_name", "id")
        return found

    @extend_schema(request=NewPatientSerializer, responses={201: PatientSerializer})
    def create(self, request: Request) -> Response:
        """Register a person and invite them."""
        data = self.taken(NewPatientSerializer)
        treating = self._treating(data.pop("treating", None))
        membership = self.actor.membership
        assert membership is not None  # noqa: S101  (the door asked)
        new = actions.NewPatient(**data)
        patient = actions.register(clinic=membership.clinic, new=new, treating=treating, actor=self.actor)
        return self.show(patient, 201)

    @extend_schema(request=RecordSerializer, responses=PatientSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change contacts, facts, or who treats."""
        changes = self.taken(RecordSerializer, partial=True)
        if "treating" in changes:
            changes["treating"] = self._treating(changes["treating"])
        return self.show(actions.update_record(patient=self.get_object(), actor=self.actor, **changes))

    def _treating(self, pk: Any) -> Membership | None:
        """Somebody who works in this clinic now."""
        if pk is None:
            return None
        staff = Membership.objects.visible_to(self.actor).exclude(role=Role.PATIENT).filter(ended_at__isnull=True)
        found = staff.filter(pk=pk).first()
        if found is None:
            raise serializers.ValidationError({"treating": "Nobody who works here has this id."})
        return found
