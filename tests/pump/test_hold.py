"""After a restore nothing is sent until somebody has looked; old messages can be let go, alerts cannot."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from apps.alerts.actions import raise_alert
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.core.ids import new_id
from apps.core.models import EngineBeat
from apps.notifications.actions import queue
from apps.notifications.models import Delivery, DemoMessage, State
from telek.pump import Pump
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def restored(db: None, settings: Any) -> Cast:
    """An alert whose page is due, and a reminder that was due three hours ago."""
    settings.TRANSPORTS = dict.fromkeys(["sms", "email", "push", "voice"], "demo")
    with transaction.atomic():
        cast = make_cast()
    with cast.acting(cast.nurse), transaction.atomic():
        raise_alert(
            patient=cast.patient,
            cause="drill",
            level="P1",
            title="A drill",
            source_kind="call-request",
            source_id=new_id(),
            rule_code="drill",
        )
        Delivery.objects.filter(channel="sms").update(not_before=clock.now() - timedelta(hours=5))
        queue(
            clinic_id=cast.clinic.pk,
            kind="4-reminder",
            dedupe_key="rem:1",
            subject_kind="thing",
            subject_id=new_id(),
            recipient_id=cast.patient_user.pk,
            channel="sms",
            address="+15550100",
            template="survey-reminder",
            context={"clinic": "Riverside Clinic", "link": "/x/"},
            not_before=clock.now() - timedelta(hours=3),
        )
    return cast


def states(cast: Cast) -> dict[str, str]:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        return {row.kind: row.state for row in Delivery.objects.filter(channel="sms")}


def test_a_held_engine_sends_nothing_and_shows_no_sign_of_life(restored: Cast, settings: Any) -> None:
    settings.HOLD = True
    with as_role("pump"):
        cycle = Pump("held").run_cycle()
    assert not cycle.is_clean
    assert not DemoMessage.objects.exists()
    assert not EngineBeat.objects.exists()


def test_what_is_due_is_said_without_a_word_about_anybody(restored: Cast) -> None:
    out = StringIO()
    with as_role("pump"):
        call_command("held", stdout=out)
    assert "1-alert: 1 since" in out.getvalue()
    assert "4-reminder: 1 since" in out.getvalue()
    assert "Alvarez" not in out.getvalue()
    assert "5550100" not in out.getvalue()


def test_old_reminders_can_be_let_go_and_alerts_cannot(restored: Cast) -> None:
    out = StringIO()
    with as_role("pump"):
        call_command("held", "--drop-older-than", "60", stdout=out)
    assert "1 messages will not be sent." in out.getvalue()
    assert states(restored) == {"1-alert": State.PENDING, "4-reminder": State.CANCELLED}


def test_a_young_message_is_kept(restored: Cast) -> None:
    with as_role("pump"):
        call_command("held", "--drop-older-than", "600", stdout=StringIO())
    assert states(restored)["4-reminder"] == State.PENDING
