"""The second signature by passkey: of the colleague that was named, for this one, now and once."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from apps.sessions import actions
from apps.sessions.actions import TreatmentRefused
from apps.sessions.models import CountersignPin, MedicationAdministration
from tests.cast import Cast
from tests.treatment.device import SoftKey
from tests.treatment.scene import given, later, ready

pytestmark = pytest.mark.django_db
URL = "/desk/second-signature/"


def proof(client: Client, second: Any, key: SoftKey, **more: bool) -> tuple[int, str]:
    """Status and the proof, or the code of the refusal."""
    ask = client.post(URL, {"second": second}).json()["ask"]
    answer = client.post(URL, {"second": second, "answer": key.answer(ask, **more)})
    said = answer.json()
    return answer.status_code, said.get("proof") or said["code"]


def test_a_dose_is_signed_by_the_passkey_of_a_colleague_who_has_no_pin(cast: Cast) -> None:
    session, key = ready(cast), SoftKey(cast.prescriber)
    assert cast.prescriber.membership
    second = cast.prescriber.membership.pk
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        CountersignPin.objects.all().delete()
        assert [one.pk for one in actions.may_confirm(cast.clinic, nurse)] == [second]
    desk = cast.client(cast.nurse)
    page = desk.get(session.path).content.decode()
    assert "data-passkey-words" in page
    status, signed = proof(desk, second, key)
    assert status == 200
    order = {"dose_mg": "40", "weight_kg": "80", "duration_minutes": "40", "lot": "L", "wasted_mg": "0"}
    done = desk.post(f"{session.path}dose/", order | {"second": str(second), "pin": "", "passkey": signed})
    assert done.status_code == 302
    with cast.acting(cast.nurse), transaction.atomic():
        assert MedicationAdministration.objects.get().checked_by_id == second


def test_a_proof_is_worth_one_signature_of_that_colleague_for_this_one_and_ten_seconds(cast: Cast) -> None:
    session, key = ready(cast), SoftKey(cast.prescriber)
    assert cast.prescriber.membership
    assert cast.therapist.membership
    second = cast.prescriber.membership.pk
    desk = cast.client(cast.nurse)
    _status, signed = proof(desk, second, key)

    def refused(pin: str, **more: Any) -> str:
        with pytest.raises(TreatmentRefused) as caught:
            given(cast, session, pin=pin, **more)
        return caught.value.code

    SoftKey(cast.therapist)
    assert refused(signed, second_id=cast.therapist.membership.pk) == "wrong-passkey"
    assert refused(f"{signed}x") == "wrong-passkey"
    given(cast, session, pin=signed)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.void_dose(session=session, reason="wrong lot", actor=nurse)
    assert refused(signed) == "wrong-passkey"
    _status, late = proof(desk, second, key)
    later(0.2)
    assert refused(late) == "wrong-passkey"


def test_a_device_that_verified_nobody_another_ones_and_an_answer_given_twice_confirm_nothing(cast: Cast) -> None:
    key, other = SoftKey(cast.prescriber), SoftKey(cast.nurse)
    assert cast.prescriber.membership
    assert cast.nurse.membership
    second = cast.prescriber.membership.pk
    desk = cast.client(cast.nurse)
    assert proof(desk, second, key, verified=False) == (409, "wrong-passkey")
    assert proof(desk, second, other) == (409, "wrong-passkey")
    ask = desk.post(URL, {"second": second}).json()["ask"]
    answer = {"second": second, "answer": key.answer(ask)}
    assert desk.post(URL, answer).status_code == 200
    assert desk.post(URL, answer).status_code == 409
    assert desk.post(URL, {"second": cast.nurse.membership.pk}).json()["code"] == "second-person"  # nobody signs twice
    for text in ("", "[]", "null", '{"id": 1}'):
        assert desk.post(URL, {"second": second, "answer": text}).status_code == 409
