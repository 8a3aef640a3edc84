"""Raising: one unresolved alert a patient and cause, the first page in the same transaction."""

from datetime import timedelta

import pytest
from django.db import transaction

from apps.alerts.models import AlertState
from tests.alerts.scene import a_raise, deliveries, names, steps
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_p1_pages_whoever_is_on_call_in_the_same_transaction(cast: Cast) -> None:
    with transaction.atomic():
        alert = a_raise(cast.patient, "P1", value=2)
        (step,) = steps(alert)
        assert names(step) == ["Rosa Osei"]
        assert [(row.channel, row.state) for row in deliveries(alert)] == [("sms", "pending"), ("email", "pending")]
    assert alert.state == AlertState.OPEN
    assert alert.next_step_at == alert.raised_at + timedelta(minutes=5)
    assert alert.contact_due_at == alert.raised_at + timedelta(minutes=60)
