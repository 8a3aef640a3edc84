"""What the API doors of every app stand on: rows of the clinic, shown with an audit row each, verbs that refuse."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.core.api import Conflict

M = TypeVar("M", bound=Model)
Needed = dict[str, tuple[Permission, ...]] | tuple[Permission, ...]


class ClinicRows(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """Rows that the person may see, in pages or alone; a stranger's row does not exist.

    queryset: `Model.objects.none()`, which names the model. narrowed_by: a serializer whose fields are query
    parameters and lookups alike. refusals: exceptions of the app's actions with `code` and `message`; they answer 409.
    """

    queryset: Any
    needed: ClassVar[Needed]
    narrowed_by: ClassVar[type[serializers.Serializer[Any]] | None] = None
    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    lookup_value_converter = "uuid"

    @property
    def actor(self) -> User:
        """Who asks, with their membership."""
        user: User = self.request.user  # type: ignore[assignment]
        return user

    def rows(self) -> Any:
        """What the person may see: a ClinicRowQuerySet of the view's model."""
        return self.queryset.model._default_manager.visible_to(self.actor)

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.rows()
        return found

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.narrowed_by is None or self.action != "list":
            return queryset
        asked = self.narrowed_by(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        return queryset.filter(**asked.validated_data)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        audit.record_seen(page, actor_id=self.actor.pk, detail="api")
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.show(self.get_object())

    def show(self, row: Model, status: int = 200) -> Response:
        """One row, audited."""
        audit.record_seen([row], actor_id=self.actor.pk, detail="api")
        return Response(self.get_serializer(row).data, status=status)

    def taken(self, body: type[serializers.Serializer[Any]], **more: Any) -> dict[str, Any]:
        """What was sent, checked; unknown fields are left out. Raises ValidationError (400)."""
        found = body(data=self.request.data, context=self.get_serializer_context(), **more)
        found.is_valid(raise_exception=True)
        data: dict[str, Any] = found.validated_data
        return data

    def own(self, model: type[M], pk: Any) -> M:
        """A row that the person may see; else 404."""
        rows: QuerySet[M] = model.objects.visible_to(self.actor)  # type: ignore[attr-defined]
        return get_object_or_404(rows, pk=pk)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, self.refusals):
            exc = Conflict(detail=exc.message, code=exc.code)  # type: ignore[attr-defined]
        return super().handle_exception(exc)
