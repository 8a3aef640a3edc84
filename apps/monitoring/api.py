"""Surveys and readings over the API: schedules, slots, single answers, submitted responses, observations."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ClinicRows
from apps.accounts.clinic_settings import setting
from apps.accounts.models import Clinic, Membership
from apps.accounts.permissions import Permission, Role
from apps.core import clock
from apps.core.api import Unprocessable
from apps.monitoring import actions
from apps.monitoring.instruments import LIBRARY, AnswerRefused
from apps.monitoring.models import (
    Assignment,
    AuthLevel,
    ItemAnswer,
    Observation,
    Questionnaire,
    QuestionnaireResponse,
    Slot,
    SlotState,
)
from apps.monitoring.observations import fhir
from apps.monitoring.observations.reading import BodyRefused
from apps.monitoring.plausibility import MEASURABLE, ReadingRefused
from apps.monitoring.refusals import SurveyRefused
from apps.patients.models import Patient

READINGS_AT_ONCE = 1000
RESERVED_SOURCES = ("check-in", "patient")  # what the product writes itself
SEE = (Permission.SEE_CLINICAL, Permission.OWN_RECORD)


class OfPatient(serializers.Serializer[Any]):
    """Rows of one person."""

    patient = serializers.UUIDField(required=False)


# --- schedules -----------------------------------------------------------------------------------


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    """A survey schedule. questionnaire: the instrument's key, such as phq-9; weekday: 0 is Monday; offsets: minutes
    after a dose; phase: of the set that it came from, "" by hand.
    """

    offsets = serializers.ListField(child=serializers.IntegerField(), read_only=True)

    questionnaire = serializers.CharField(source="questionnaire.key", read_only=True)
    questionnaire_version = serializers.CharField(source="questionnaire.version", read_only=True)

    class Meta:
        model = Assignment
        fields = (
            "id",
            "patient",
            "questionnaire",
            "questionnaire_version",
            "rhythm",
            "weekday",
            "every",
            "offsets",
            "phase",
            "opens_time",
            "open_hours",
            "starts_on",
            "ends_on",
            "paused_until",
            "status",
            "synthetic",
        )
        read_only_fields = fields


class NewAssignmentSerializer(serializers.ModelSerializer[Assignment]):
    """Which survey, for whom, in which rhythm; times are the person's own. offsets: minutes after a dose (anchored)."""

    patient = serializers.UUIDField()
    questionnaire = serializers.ChoiceField(choices=sorted(LIBRARY))
    weekday = serializers.IntegerField(min_value=0, max_value=6, required=False, allow_null=True)
    open_hours = serializers.IntegerField(min_value=1, max_value=336, default=16)
    starts_on = serializers.DateField(required=False)
    every = serializers.IntegerField(min_value=1, max_value=26, default=1)
    offsets = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=86400), max_length=10, default=list
    )

    class Meta:
        model = Assignment
        fields = (
            "patient",
            "questionnaire",
            "rhythm",
            "weekday",
            "every",
            "offsets",
            "opens_time",
            "open_hours",
            "starts_on",
            "ends_on",
        )


class PauseSerializer(serializers.Serializer[Any]):
    """The first day on which forms come again."""

    until = serializers.DateField()


@extend_schema_view(list=extend_schema(parameters=[OfPatient]))
class AssignmentViewSet(ClinicRows):
    """Survey schedules."""

    needed: ClassVar = {"GET": SEE, "POST": (Permission.MANAGE_SCHEDULES,)}
    serializer_class = AssignmentSerializer
    narrowed_by = OfPatient
    refusals = (SurveyRefused,)
    queryset = Assignment.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = (
            self.rows().known().select_related("questionnaire", "patient").order_by("-created_at", "id")
        )
        return found

    @extend_schema(request=NewAssignmentSerializer, responses={201: AssignmentSerializer})
    def create(self, request: Request) -> Response:
        """Give a person a survey; its slots of the next 14 days are made at once."""
        data = self.taken(NewAssignmentSerializer)
        patient = self.own(Patient, data.pop("patient"))
        questionnaire = _published(data.pop("questionnaire"), patient.clinic)
        row = actions.assign(patient=patient, questionnaire=questionnaire, actor=self.actor, **data)
        return self.show(row, 201)

    @extend_schema(request=PauseSerializer, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """No forms before that day."""
        data = self.taken(PauseSerializer)
        return self.show(actions.pause(assignment=self.get_object(), until=data["until"], actor=self.actor))

    @extend_schema(request=None, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """No further forms."""
        return self.show(actions.end(assignment=self.get_object(), actor=self.actor))


def _published(key: str, clinic: Clinic) -> Questionnaire:
    try:
        return actions.newest(key, clinic)
    except Questionnaire.DoesNotExist:
        raise serializers.ValidationError({"questionnaire": "This form is not published here."}) from None


# --- what is due, and what was answered ------------------------------------------------------------


class SlotSerializer(serializers.ModelSerializer[Slot]):
    """One filling of a survey that is or was due; slot_key: its day in the person's calendar."""

    questionnaire = serializers.CharField(source="questionnaire.key", read_only=True)

    class Meta:
        model = Slot
        fields = (
            "id",
            "assignment",
            "patient",
            "questionnaire",
            "slot_key",
            "opens_at",
            "closes_at",
            "time_zone",
            "state",
            "synthetic",
        )
        read_only_fields = fields


class SlotFilter(OfPatient):
    """What a list of slots may be narrowed by."""

    assignment = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(choices=SlotState.choices, required=False)


@extend_schema_view(list=extend_schema(parameters=[SlotFilter]))
class SlotViewSet(ClinicRows):
    """When surveys are open, newest first."""

    needed: ClassVar = {"GET": SEE}
    serializer_class = SlotSerializer
    narrowed_by = SlotFilter
    queryset = Slot.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows().select_related("questionnaire").order_by("-opens_at", "id")
        return found


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "boolean"}, {"type": "string"}], "nullable": True})
class AnswerField(serializers.Field[Any, Any, Any, Any]):
    """An answer as its instrument knows it: a whole number, true or false, a text, or null."""

    default_error_messages = {"scalar": "A whole number, true or false, a text, or null."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, int | bool | str):
            self.fail("scalar")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class ItemAnswerSerializer(serializers.ModelSerializer[ItemAnswer]):
    """One answer as given; the newest of an item counts."""

    class Meta:
        model = ItemAnswer
        fields = (
            "id",
            "slot",
            "patient",
            "link_id",
            "value",
            "text",
            "skipped",
            "client_id",
            "answered_at",
            "received_at",
            "auth_level",
        )
        read_only_fields = fields


class NewAnswerSerializer(serializers.Serializer[Any]):
    """client_id: made by the sender; the same again is the same answer. answered_at: the device's clock."""

    slot = serializers.UUIDField()
    link_id = serializers.CharField(max_length=40)
    value = AnswerField(allow_null=True)
    skipped = serializers.BooleanField(default=False)
    client_id = serializers.UUIDField()
    answered_at = serializers.DateTimeField(required=False)


class AnswerFilter(OfPatient):
    """What a list of answers may be narrowed by."""

    slot = serializers.UUIDField(required=False)


@extend_schema_view(list=extend_schema(parameters=[AnswerFilter]))
class ItemAnswerViewSet(ClinicRows):
    """Single answers, newest first. An unsafe one raises its alert in the same transaction."""

    needed: ClassVar = {"GET": SEE, "POST": (Permission.OWN_RECORD, Permission.WRITE_OBSERVATIONS)}
    serializer_class = ItemAnswerSerializer
    narrowed_by = AnswerFilter
    refusals = (SurveyRefused,)
    queryset = ItemAnswer.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows().order_by("-received_at", "id")
        return found

    @extend_schema(request=NewAnswerSerializer, responses={200: ItemAnswerSerializer, 201: ItemAnswerSerializer})
    def create(self, request: Request) -> Response:
        """Save one answer: 201, or 200 when the same was here already. 409: slot not open, or another content."""
        data = self.taken(NewAnswerSerializer)
        try:
            saved = actions.save_answer(
                slot=self.own(Slot, data["slot"]),
                link_id=data["link_id"],
                value=data["value"],
                skipped=data["skipped"],
                client_id=data["client_id"],
                answered_at=data.get("answered_at") or clock.now(),
                actor=self.actor,
                auth_level=_auth_level(self),
                presentation="api",
            )
        except AnswerRefused as refusal:
            raise Unprocessable(detail=refusal.message, code=refusal.code) from refusal
        return self.show(saved.answer, 201 if saved.created else 200)


class ResponseSerializer(serializers.ModelSerializer[QuestionnaireResponse]):
    """A submitted survey with its score. answers: link id to value, as counted; total: null where not valid."""

    questionnaire = serializers.CharField(source="questionnaire.key", read_only=True)
    questionnaire_version = serializers.CharField(source="questionnaire.version", read_only=True)

    class Meta:
        model = QuestionnaireResponse
        fields = (
            "id",
            "slot",
            "patient",
            "questionnaire",
            "questionnaire_version",
            "authored_at",
            "status",
            "answers",
            "valid",
            "total",
            "prorated",
            "missing",
            "severity",
            "auth_level",
            "synthetic",
        )
        read_only_fields = fields

    def to_representation(self, instance: QuestionnaireResponse) -> dict[str, Any]:
        """Without the score for a patient whose clinic does not show scores."""
        shown = super().to_representation(instance)
        return shown if self.context.get("with_scores", True) else shown | {"total": None, "severity": ""}


class SubmitSerializer(serializers.Serializer[Any]):
    """Which filling is complete."""

    slot = serializers.UUIDField()


class ResponseFilter(OfPatient):
    """What a list of responses may be narrowed by."""

    slot = serializers.UUIDField(required=False)
    questionnaire = serializers.ChoiceField(choices=sorted(LIBRARY), required=False, source="questionnaire__key")


@extend_schema_view(list=extend_schema(parameters=[ResponseFilter]))
class ResponseViewSet(ClinicRows):
    """Submitted surveys, newest first. A patient sees scores only where the clinic shows them."""

    needed: ClassVar = {"GET": SEE, "POST": (Permission.OWN_RECORD, Permission.WRITE_OBSERVATIONS)}
    serializer_class = ResponseSerializer
    narrowed_by = ResponseFilter
    refusals = (SurveyRefused,)
    queryset = QuestionnaireResponse.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows().known().select_related("questionnaire").order_by("-authored_at", "id")
        return found

    def get_serializer_context(self) -> dict[str, Any]:
        membership: Membership | None = getattr(self.request.user, "membership", None)
        shown = membership is None or membership.role != Role.PATIENT
        shown = shown or bool(membership and setting(membership.clinic, "show_scores_to_patients"))
        return {**super().get_serializer_context(), "with_scores": shown}

    @extend_schema(request=SubmitSerializer, responses={200: ResponseSerializer, 201: ResponseSerializer})
    def create(self, request: Request) -> Response:
        """Submit what was answered: 201, or 200 when it was submitted before."""
        slot = self.own(Slot, self.taken(SubmitSerializer)["slot"])
        known = QuestionnaireResponse.objects.filter(slot=slot).exists()
        row = actions.submit_response(slot=slot, actor=self.actor, auth_level=_auth_level(self))
        return self.show(row, 200 if known else 201)


def _auth_level(view: ClinicRows) -> str:
    """Patients write as themselves; what staff enters for somebody says so."""
    membership = view.actor.membership
    by_patient = membership is not None and membership.role == Role.PATIENT
    return AuthLevel.SESSION if by_patient else AuthLevel.STAFF


# --- readings ---------------------------------------------------------------------------------------


class ObservationSerializer(serializers.ModelSerializer[Observation]):
    """A value. code: LOINC or one of ours; unit: UCUM."""

    class Meta:
        model = Observation
        fields = (
            "id",
            "patient",
            "code",
            "value",
            "unit",
            "given",
            "effective_at",
            "source",
            "status",
            "revision",
            "corrects",
            "synthetic",
        )
        read_only_fields = fields


@extend_schema_field(OpenApiTypes.NUMBER)
class NumberField(serializers.Field[Any, Any, Any, Any]):
    """A number as it came: never a text, never true or false."""

    default_error_messages = {"number": "A number."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("number")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class ReadingSerializer(serializers.Serializer[Any]):
    """One reading, in the unit that its code has here or one that is converted (kPa, [degF], [lb_av])."""

    code = serializers.ChoiceField(choices=sorted(MEASURABLE))
    value = NumberField()
    unit = serializers.CharField(max_length=20)
    effective_at = serializers.DateTimeField()


class SourceField(serializers.CharField):
    """staff, or a device's identifier; what a patient sends is always from the patient."""

    default_error_messages = {"reserved": "This source is written by the product itself."}

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if text in RESERVED_SOURCES:
            self.fail("reserved")
        return text


class NewObservationSerializer(ReadingSerializer):
    """One reading of one person."""

    patient = serializers.UUIDField()
    source = SourceField(max_length=60, default="staff")  # type: ignore[assignment]


class BulkSerializer(serializers.Serializer[Any]):
    """Up to 1000 readings of one person from one source."""

    patient = serializers.UUIDField()
    source = SourceField(max_length=60, default="staff")  # type: ignore[assignment]
    readings = serializers.ListField(child=ReadingSerializer(), min_length=1, max_length=READINGS_AT_ONCE)


class CorrectionSerializer(serializers.Serializer[Any]):
    """value: in the stored unit; null: the reading was entered in error."""

    value = NumberField(allow_null=True)
    reason = serializers.CharField(max_length=200)


class RefusedReadingSerializer(serializers.Serializer[Any]):
    """index: place in the batch; code: why it was not stored."""

    index = serializers.IntegerField()
    code = serializers.CharField()


class RecordedSerializer(serializers.Serializer[Any]):
    """What became of a batch. repeated: were there already; a refused reading stops no other one."""

    created = serializers.IntegerField()
    repeated = serializers.IntegerField()
    refused = RefusedReadingSerializer(many=True)


class ObservationFilter(OfPatient):
    """What a list of readings may be narrowed by."""

    code = serializers.ChoiceField(choices=sorted(MEASURABLE), required=False)


@extend_schema_view(list=extend_schema(parameters=[ObservationFilter]))
class ObservationViewSet(ClinicRows):
    """Readings, newest first. One outside its band raises an alert in the same transaction."""

    needed: ClassVar = {"GET": SEE, "POST": (Permission.WRITE_OBSERVATIONS, Permission.OWN_RECORD)}
    serializer_class = ObservationSerializer
    narrowed_by = ObservationFilter
    refusals = (SurveyRefused,)
    queryset = Observation.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows().known().order_by("-effective_at", "id")
        return found

    @extend_schema(request=NewObservationSerializer, responses={200: ObservationSerializer, 201: ObservationSerializer})
    def create(self, request: Request) -> Response:
        """Record one reading: 201, or 200 when the same was here already. 422: not a reading that this could be."""
        data = self.taken(NewObservationSerializer)
        done = self._record(data, [_reading(data)])
        if done.refused:
            raise Unprocessable(detail="This cannot be a reading.", code=done.refused[0])
        place = {"code": data["code"], "effective_at": data["effective_at"], "source": self._source(data)}
        row = self.rows().get(patient=data["patient"], revision=0, **place)
        return self.show(row, 201 if done.created else 200)

    @extend_schema(request=BulkSerializer, responses=RecordedSerializer)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Record up to 1000 readings of one person; each is stored, known already, or refused with a code."""
        data = self.taken(BulkSerializer)
        done = self._record(data, [_reading(one) for one in data["readings"]])
        refused = [{"index": index, "code": code} for index, code in sorted(done.refused.items())]
        return Response({"created": len(done.created), "repeated": done.repeated, "refused": refused})

    @extend_schema(request=OpenApiTypes.OBJECT, responses=RecordedSerializer)
    @action(detail=False, methods=["post"])
    def fhir(self, request: Request) -> Response:
        """Record a FHIR R4 Observation, or a Bundle of them, of one person (`subject`): "Patient/<id>"."""
        found = request.data if isinstance(request.data, dict) else {}
        try:
            readings = fhir.readings_of(found)
            data = {"patient": UUID(fhir.subject_of(found)), "source": "staff"}
        except BodyRefused as refusal:
            raise Unprocessable(detail=refusal.message, code=refusal.code) from refusal
        except ValueError:
            raise Unprocessable(detail="subject: one patient is needed", code="bad-subject") from None
        if len(readings) > READINGS_AT_ONCE:
            raise Unprocessable(detail="At most 1000 readings at once.", code="too-many")
        done = self._record(data, readings)
        refused = [{"index": index, "code": code} for index, code in sorted(done.refused.items())]
        return Response({"created": len(done.created), "repeated": done.repeated, "refused": refused})

    @extend_schema(request=CorrectionSerializer, responses={201: ObservationSerializer})
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: str) -> Response:
        """A later row that stands for this one; value null: there was no such reading. 409: corrected before."""
        found = self.get_object()
        data = self.taken(CorrectionSerializer)
        try:
            row = actions.correct_observation(
                observation=found, value=data["value"], reason=data["reason"], actor=self.actor
            )
        except ReadingRefused as refusal:
            raise Unprocessable(detail=refusal.message, code=refusal.code) from refusal
        return self.show(row, 201)

    def _record(self, data: dict[str, Any], readings: list[actions.Reading]) -> actions.Recorded:
        patient = self.own(Patient, data["patient"])
        return actions.record_observations(
            patient=patient, readings=readings, source=self._source(data), actor=self.actor
        )

    def _source(self, data: dict[str, Any]) -> str:
        return "patient" if _auth_level(self) == AuthLevel.SESSION else str(data["source"])


def _reading(data: dict[str, Any]) -> actions.Reading:
    return actions.Reading(data["code"], data["value"], data["unit"], data["effective_at"])
