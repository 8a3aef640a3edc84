"""Messages over the API: threads, and their messages by number."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api import ClinicRows
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.messaging import actions
from apps.messaging.models import Message, Thread
from apps.messaging.refusal import MessageRefused
from apps.messaging.rows import file_row, with_senders, with_state
from apps.patients.models import Patient

PAGE = 200
HIGHEST = 2**63 - 1


class ThreadSerializer(serializers.ModelSerializer[Thread]):
    """A conversation with the care team. unread: for whoever asks; waiting_since: the first unanswered message."""

    unread = serializers.IntegerField(read_only=True)

    class Meta:
        model = Thread
        fields = (
            "id",
            "patient",
            "last_seq",
            "last_at",
            "waiting_since",
            "owner",
            "version",
            "unread",
            "synthetic",
            "staff_only",
        )
        read_only_fields = fields


class MessageSerializer(serializers.ModelSerializer[Message]):
    """One message; seq counts from 1 without holes. file: kind, name, size and url of what it brings, or null."""

    sender = serializers.CharField(source="sender.name", read_only=True)
    file = serializers.SerializerMethodField()

    @extend_schema_field({"type": "object", "nullable": True, "additionalProperties": True})
    def get_file(self, message: Any) -> Any:
        return file_row(getattr(message, "file", None))

    class Meta:
        model = Message
        fields = ("id", "seq", "client_id", "sender", "from_patient", "body", "sent_at", "file")
        read_only_fields = fields


class MessagesSerializer(serializers.Serializer[Any]):
    """Up to 200 messages; head: the number of the last one there is. Ask again with `after` until seq is head."""

    head = serializers.IntegerField()
    results = MessageSerializer(many=True)


class NewMessageSerializer(serializers.Serializer[Any]):
    """client_id: made by the sender; the same again is the same message. body: at most 8 KiB."""

    client_id = serializers.UUIDField()
    body = serializers.CharField(max_length=actions.BODY_BYTES, trim_whitespace=False)


class NewThreadSerializer(serializers.Serializer[Any]):
    """With whom."""

    patient = serializers.UUIDField()


class ReadSerializer(serializers.Serializer[Any]):
    """How far the person has read."""

    seq = serializers.IntegerField(min_value=0, max_value=HIGHEST)


class AfterSerializer(serializers.Serializer[Any]):
    """The number after which messages are wanted."""

    after = serializers.IntegerField(min_value=0, max_value=HIGHEST, default=0)


class ThreadFilter(serializers.Serializer[Any]):
    """What a list of threads may be narrowed by."""

    patient = serializers.UUIDField(required=False)


@extend_schema_view(list=extend_schema(parameters=[ThreadFilter]))
class ThreadViewSet(ClinicRows):
    """Conversations; those in which a patient waits come first."""

    needed: ClassVar = {
        "GET": (Permission.CHAT, Permission.OWN_RECORD),
        "POST": (Permission.CHAT, Permission.OWN_RECORD),
    }
    serializer_class = ThreadSerializer
    narrowed_by = ThreadFilter
    refusals = (MessageRefused,)
    queryset = Thread.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        return with_state(Thread.every.visible_to(self.actor), self.actor)

    @extend_schema(request=NewThreadSerializer, responses=ThreadSerializer)
    def create(self, request: Request) -> Response:
        """The person's conversation, made when there is none."""
        patient = self.own(Patient, self.taken(NewThreadSerializer)["patient"])
        thread = actions.open_thread(patient=patient)
        return self.show(self.get_queryset().get(pk=thread.pk))

    @extend_schema(methods=["get"], parameters=[AfterSerializer], responses=MessagesSerializer)
    @extend_schema(
        methods=["post"], request=NewMessageSerializer, responses={200: MessageSerializer, 201: MessageSerializer}
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def messages(self, request: Request, pk: str) -> Response:
        """GET: messages after a number. POST: write one; 201, or 200 when the same was here already."""
        thread = self.get_object()
        return self._write(thread) if request.method == "POST" else self._read(thread)

    @extend_schema(request=ReadSerializer, responses=ReadSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Move the read mark; it only grows and never passes the last message."""
        seq = self.taken(ReadSerializer)["seq"]
        return Response({"seq": actions.mark_read(thread=self.get_object(), seq=seq, actor=self.actor)})

    def _read(self, thread: Thread) -> Response:
        asked = AfterSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        rows = list(with_senders(Message.every.filter(thread=thread, seq__gt=asked.validated_data["after"]))[:PAGE])
        audit.record_seen(rows, actor_id=self.actor.pk, detail="api")
        return Response({"head": thread.last_seq, "results": MessageSerializer(rows, many=True).data})

    def _write(self, thread: Thread) -> Response:
        data = self.taken(NewMessageSerializer)
        before = thread.last_seq
        message = actions.send_message(thread=thread, actor=self.actor, **data)
        return Response(MessageSerializer(message).data, status=201 if message.seq > before else 200)
