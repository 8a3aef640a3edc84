"""Telek's addresses, and beside them the plainest bulk view that the REST framework makes."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.db.scope import use_clinic
from apps.monitoring.models import Observation
from telek.urls import urlpatterns as own


class PlainSerializer(serializers.ModelSerializer[Observation]):
    """The fields of a reading, as the model has them; whose it is without a query for each row."""

    patient_id = serializers.UUIDField()

    class Meta:
        model = Observation
        fields = ("patient_id", "code", "value", "unit", "effective_at", "source")
        validators: ClassVar[list[Any]] = []


class Plain(APIView):
    """many=True, bulk_create: no judgement, no rules, no audit, no token."""

    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar[list[Any]] = []

    def post(self, request: Request, clinic: UUID) -> Response:
        """Store a list."""
        with use_clinic(clinic), transaction.atomic():
            found = PlainSerializer(data=request.data, many=True)
            found.is_valid(raise_exception=True)
            Observation.objects.bulk_create([Observation(clinic_id=clinic, **row) for row in found.validated_data])
        return Response({"created": len(found.validated_data)})


urlpatterns = [path("bench/plain/<uuid:clinic>/", Plain.as_view()), *own]
