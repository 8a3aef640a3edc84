"""Fifty at once are one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from apps.core.db.scope import use_clinic
from apps.monitoring.models import Anchor
from apps.sessions import actions
from apps.sessions.actions import TreatmentRefused, doses
from apps.sessions.models import Course, DosingSession, MedicationAdministration
from tests.cast import Cast
from tests.treatment.scene import IV, ready

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(cast: Cast, act: Callable[[], object]) -> list[str]:
    """Fifty tries over ten connections; the code of each refusal, or "done"."""

    def one(_number: int) -> str:
        try:
            with use_clinic(cast.clinic.pk), transaction.atomic():
                act()
        except TreatmentRefused as refusal:
            return refusal.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(10) as threads:
        return sorted(threads.map(one, range(50)))


def test_fifty_open_the_same_person_and_dose_them_and_it_is_one_row_each(cast: Cast) -> None:
    session = ready(cast)
    nurse, doctor = cast.nurse.membership, cast.prescriber.membership
    assert nurse
    assert doctor
    with use_clinic(cast.clinic.pk), transaction.atomic():
        course = Course.objects.get()
    opened = at_once(cast, lambda: actions.open_session(course=course, chair="Chair 2", actor=cast.nurse))
    assert opened == ["open-already"] * 50
    dosed = at_once(cast, lambda: doses._give(session, IV, cast.nurse, nurse, doctor))
    assert dosed == ["done"] + ["dosed-already"] * 49
    with use_clinic(cast.clinic.pk), transaction.atomic():
        counted = MedicationAdministration.objects.count(), Anchor.objects.count(), DosingSession.objects.count()
    assert counted == (1, 1, 1)
