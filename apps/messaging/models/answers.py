"""Answers that a clinic keeps ready."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission


class ReadyAnswer(ClinicRow):
    """Plain words for a question that comes again and again; staff put them into the composer and send as their own."""

    title = models.CharField(max_length=80)
    body = models.TextField()
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")  # of the words as they stand
    retired_at = models.DateTimeField(null=True, blank=True)

    view_permission = Permission.CHAT

    class Meta:
        ordering = ["title", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "title"], condition=Q(retired_at__isnull=True), name="one_answer_of_a_title"
            )
        ]

    def __str__(self) -> str:
        return self.title
