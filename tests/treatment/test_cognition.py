"""The reaction and memory task: kept once, never within a day of a dose, and it is the cognition check that was due."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing

from apps.alerts.models import Alert
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.sessions.exposure import standing_of
from apps.sessions.models import CognitionResult
from apps.sessions.treatment.cognition import task_of
from apps.sessions.views.cognition import SALT
from tests.cast import Cast
from tests.treatment.scene import dosed, later

pytestmark = pytest.mark.django_db
PAGE = "/session-day/reaction/"
DAY = 24 * 60


def done(cast: Cast, ms: int, *, words: int = 8, again: str = "") -> tuple[int, str]:
    """Maria does the task; status and the signed task."""
    maria = cast.client(cast.patient_user)
    task = again or str(maria.get(PAGE).context["task"])
    seed, _client_id = signing.loads(task, salt=SALT)
    sent: dict[str, Any] = {"task": task, "reactions": ",".join([str(ms)] * 8), "early": "0"}
    answer = maria.post(PAGE, sent | {"word": task_of(seed).shown[:words]})
    return answer.status_code, task


def test_a_task_is_the_check_that_was_due_and_the_same_twice_is_one(cast: Cast) -> None:
    dosed(cast)
    assert done(cast, 300, again=signing.dumps([1, "0" * 32], salt=SALT))[0] == 422  # within a day of the dose
    later(DAY + 5)
    status, task = done(cast, 300)
    assert (status, done(cast, 300, again=task)[0]) == (200, 200)
    with use_clinic(cast.clinic.pk):
        assert (CognitionResult.objects.get().median_ms, CognitionResult.objects.get().recalled) == (300, 8)
        due = {one.kind: one for one in standing_of(cast.patient, clock.now()).due}["cognition"]
        assert due.last_on is not None
        assert due.due_on == due.last_on + timedelta(days=30)
    assert b"300 ms" in cast.client(cast.nurse).get(f"/desk/patients/{cast.patient.pk}/exposure/").content


def test_what_falls_below_the_own_beginning_is_a_task_and_an_unusable_one_counts_for_nothing(cast: Cast) -> None:
    for ms, words in ((290, 8), (310, 7), (350, 7)):
        assert done(cast, ms, words=words)[0] == 200
    assert done(cast, 5000)[0] == 200  # nobody looked: kept, and compared with nothing
    with use_clinic(cast.clinic.pk):
        assert list(CognitionResult.objects.order_by("taken_at").values_list("slower_percent", "usable")) == [
            (None, True),
            (None, True),
            (17, True),
            (None, False),
        ]
        assert not Alert.objects.exists()
    done(cast, 400)
    with use_clinic(cast.clinic.pk):
        alert = Alert.objects.get()
        assert (alert.cause, alert.level) == ("cognition-below", "P3")


def test_a_forged_or_foreign_task_is_refused_and_nothing_is_kept(cast: Cast) -> None:
    maria = cast.client(cast.patient_user)
    for task in ("", "x", signing.dumps([1, "x"], salt="other")):
        assert maria.post(PAGE, {"task": task, "reactions": "300", "early": "0"}).status_code == 422
    with use_clinic(cast.clinic.pk):
        assert not CognitionResult.objects.exists()
    endless = "9" * 5000  # more digits than Python reads
    sent = {"task": maria.get(PAGE).context["task"], "reactions": endless, "early": endless, "word": [endless]}
    assert maria.post(PAGE, sent).status_code == 200
    with use_clinic(cast.clinic.pk):
        assert not CognitionResult.objects.get().usable
