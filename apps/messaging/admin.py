"""Admin pages of messages: to look at, for those who may write to patients. Nothing is changed here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.accounts.admin import ClinicAdmin, ClinicInline
from apps.accounts.permissions import Permission
from apps.messaging.models import Message, Thread, ThreadTransfer


class TransferInline(ClinicInline):
    """Who took or handed the thread over, and why."""

    model = ThreadTransfer
    view_needs = (Permission.CHAT,)
    change_needs = ()
    fields = readonly_fields = ("created_at", "actor", "to", "reason")


@admin.register(Thread)
class ThreadAdmin(ClinicAdmin):
    """Conversations, those in which a patient waits longest first."""

    change_needs = ()
    list_display = ("patient", "last_at", "waiting_since", "owner", "last_seq", "synthetic")
    list_select_related = ("patient", "owner__user")
    search_fields = ("patient__family_name", "patient__given_name", "patient__number")
    ordering = ("waiting_since", "-last_at")
    inlines = (TransferInline,)


@admin.register(Message)
class MessageAdmin(ClinicAdmin):
    """Messages by number; what is written stands on the message's own page only."""

    change_needs = ()
    list_display = ("thread_patient", "seq", "sender", "sent_at", "from_patient")
    list_select_related = ("thread__patient", "sender")
    list_filter = ("from_patient",)
    search_fields = ("thread__patient__family_name", "thread__patient__number")
    ordering = ("-sent_at",)

    @admin.display(description="patient")
    def thread_patient(self, message: Message) -> Any:
        """Whose conversation it stands in."""
        return message.thread.patient

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
