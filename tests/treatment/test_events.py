"""What happens in a session is noted once, with its own time, and alarms in the same transaction."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction

from apps.alerts.models import Alert
from apps.core import clock
from apps.monitoring.models import Observation
from apps.sessions import actions
from apps.sessions.actions import Noted, Tap
from apps.sessions.models import DosingSession, SessionEvent
from tests.cast import Cast
from tests.treatment.scene import dosed, fresh, later, noted, ready, tap

pytestmark = pytest.mark.django_db


def take(cast: Cast, session: DosingSession, *taps: Tap) -> Noted:
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        return actions.note_events(session=session, taps=taps, actor=nurse)


def level_of(cast: Cast, cause: str) -> str | None:
    with cast.acting(cast.nurse), transaction.atomic():
        return Alert.objects.filter(cause=cause).values_list("level", flat=True).first()


def test_twelve_taps_sent_twice_are_twelve_events_with_their_own_times(cast: Cast) -> None:
    session = dosed(cast)
    later(15)
    begun = clock.now() - timedelta(minutes=12)
    taps = [tap("vitals", begun + timedelta(minutes=n), hr=70 + n) for n in range(12)]
    first, again = take(cast, session, *taps), take(cast, session, *reversed(taps))
    assert (len(first.created), len(again.created), len(again.repeated)) == (12, 0, 12)
    assert [event.occurred_at for event in first.created] == [one.occurred_at for one in taps]
    assert fresh(cast, session).last_hr == 81


EXCURSIONS: list[tuple[dict[str, Any], str | None]] = [
    ({"sbp": 159, "dbp": 80}, None),
    ({"sbp": 160, "dbp": 80}, "P2"),
    ({"sbp": 180, "dbp": 80}, "P1"),
    ({"sbp": 130, "dbp": 101}, "P2"),  # a rise of 25 over the 76 before the dose
    ({"spo2": 93}, "P2"),
    ({"spo2": 91}, "P1"),
    ({"rr": 8}, "P1"),
]


def test_an_excursion_alarms_in_the_same_transaction(cast: Cast) -> None:
    session = dosed(cast)
    later(10)
    for more, level in EXCURSIONS:
        with cast.acting(cast.nurse) as nurse, transaction.atomic():
            actions.note_events(session=session, taps=[tap("vitals", **more)], actor=nurse)
            assert Alert.objects.filter(cause="vital-signs").values_list("level", flat=True).first() == level, more
            now = DosingSession.objects.get(pk=session.pk)
            assert now.level == (level or "")
            assert now.last_vitals_at
            assert now.next_check_at == now.last_vitals_at + timedelta(minutes=5 if level else 10)
            transaction.set_rollback(True)


def test_a_rise_is_counted_from_before_the_dose(cast: Cast) -> None:
    session = dosed(cast)  # 122/76 before
    later(10)
    noted(cast, session, tap("vitals", sbp=158, dbp=99))
    assert level_of(cast, "vital-signs") is None
    noted(cast, session, tap("vitals", sbp=159, dbp=76), tap("vitals", clock.now() - timedelta(minutes=2), hr=80))
    later(1)
    noted(cast, session, tap("vitals", sbp=159, dbp=99))
    assert level_of(cast, "vital-signs") is None


def test_deep_sedation_and_a_grave_effect_alarm(cast: Cast) -> None:
    session = dosed(cast)
    noted(cast, session, tap("moaas", score=3), tap("effect", term="Nausea", grade=2))
    assert (level_of(cast, "sedation"), level_of(cast, "side-effect")) == ("P2", None)
    noted(cast, session, tap("moaas", score=2), tap("effect", term="Chest pain", grade=3))
    assert (level_of(cast, "sedation"), level_of(cast, "side-effect")) == ("P1", "P2")


IMPOSSIBLE: list[tuple[str, dict[str, Any], str]] = [
    ("vitals", {"sbp": 120}, "half"),
    ("vitals", {"sbp": 80, "dbp": 120}, "swapped"),
    ("vitals", {"hr": 999}, "value"),
    ("vitals", {"hr": 70.5}, "value"),
    ("vitals", {}, "empty"),
    ("moaas", {"score": 6}, "value"),
    ("cadss", {"score": -1}, "value"),
    ("effect", {"term": "Nausea", "grade": 6}, "value"),
    ("effect", {"term": " "}, "term"),
    ("escort", {}, "text"),
    ("void", {}, "corrects"),
    ("dose-started", {}, "kind"),
    ("device", {}, "kind"),
]


def test_what_cannot_be_is_refused_and_stops_no_other(cast: Cast) -> None:
    session = ready(cast)
    bad, good = [tap(kind, **more) for kind, more, _code in IMPOSSIBLE], tap("moaas", score=5)
    found = take(cast, session, *bad, good)
    assert [found.refused[one.client_id][0] for one in bad] == [code for _kind, _more, code in IMPOSSIBLE]
    assert [one.client_id for one in found.created] == [good.client_id]


def test_events_outside_the_session_are_refused(cast: Cast) -> None:
    session = ready(cast)
    ahead, before = tap("moaas", clock.now() + timedelta(minutes=5), score=5), tap("moaas", session.opened_at, score=5)
    early = tap("moaas", session.opened_at - timedelta(seconds=1), score=5)
    found = take(cast, session, ahead, before, early)
    assert {key: value[0] for key, value in found.refused.items()} == {
        ahead.client_id: "future",
        early.client_id: "before-session",
    }


def test_a_correction_is_a_new_row_and_the_old_one_stays(cast: Cast) -> None:
    session = dosed(cast)
    later(5)
    wrong = noted(cast, session, tap("vitals", sbp=126, dbp=80, hr=44))[0]
    noted(cast, session, tap("vitals", wrong.occurred_at + timedelta(seconds=1), hr=74, corrects=wrong.pk))
    assert fresh(cast, session).last_hr == 74
    with cast.acting(cast.nurse), transaction.atomic():
        assert session.events.get(pk=wrong.pk).hr == 44
        with pytest.raises(DatabaseError), transaction.atomic():
            SessionEvent.objects.filter(pk=wrong.pk).update(hr=74)
    again = take(cast, session, tap("void", corrects=wrong.pk))
    assert [code for code, _words in again.refused.values()] == ["corrects"]


def test_readings_are_observations_too_and_strangers_note_nothing(cast: Cast) -> None:
    session = ready(cast)
    noted(cast, session, tap("vitals", sbp=130, dbp=80, hr=70))
    with cast.acting(cast.nurse), transaction.atomic():
        rows = Observation.objects.filter(patient=cast.patient, code="8867-4")
        assert [(int(row.value), row.source) for row in rows] == [(70, f"session {session.pk}")]
    for user in (cast.coordinator, cast.other_prescriber, cast.patient_user):
        with cast.acting(user) as actor, transaction.atomic(), pytest.raises(actions.TreatmentRefused):
            actions.note_events(session=session, taps=[tap("moaas", score=5)], actor=actor)
    assert isinstance(session.pk, UUID)
