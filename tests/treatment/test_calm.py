"""Music and exercises: from the clinic alone, with a licence, and what is heard in a session stands in its history."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.core.db.scope import use_clinic
from apps.sessions import actions
from apps.sessions.actions import TreatmentRefused
from apps.sessions.models import CalmExercise, CalmTrack, SessionEvent
from apps.sessions.treatment.calm import byte_range, media_type_of
from tests.cast import Cast
from tests.treatment.scene import noted, ready, tap

SOUND = b"ID3" + bytes(range(200))
TOLD = {"title": "Rain", "kind": "music", "licence": "CC0 1.0", "attribution": "A. Weather"}
HEARD = "/session-day/calm/heard/"


@given(st.text(max_size=20), st.integers(1, 500))
def test_whatever_piece_is_asked_for_it_lies_within_the_sound(asked: str, size: int) -> None:
    for text in (asked, f"bytes={asked}", f"bytes={len(asked)}-", f"bytes=-{len(asked)}", "bytes=9-3"):
        span = byte_range(text, size)
        assert span is None or 0 <= span[0] <= span[1] < size


def test_a_sound_is_known_by_what_it_holds() -> None:
    assert media_type_of(SOUND) == "audio/mpeg"
    assert media_type_of(b"RIFF\0\0\0\0WAVEfmt ") == "audio/wav"
    for other in (b"", b"<html>", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0AVI "):
        assert media_type_of(other) is None


@pytest.mark.django_db
def test_a_clinic_uploads_a_track_with_its_licence_and_withdraws_it(cast: Cast) -> None:
    admin, add = cast.client(cast.clinic_admin), "/admin/care_sessions/calmtrack/add/"

    def sent(**more: object) -> bytes:
        return admin.post(add, TOLD | {"sound": SimpleUploadedFile("x.mp3", SOUND)} | more, follow=True).content

    assert b"Only MP3" in sent(sound=SimpleUploadedFile("x.mp3", b"<script>"))
    assert b"This field is required" in sent(licence="")
    assert b"Kept. It is offered" in sent()
    assert b"there already" in sent()
    with use_clinic(cast.clinic.pk):
        row = CalmTrack.objects.get()
    page, maria = f"/session-day/calm/{row.pk}/", cast.client(cast.patient_user)
    shown = maria.get("/session-day/calm/").content.decode()
    assert page in shown
    assert "Breathe slowly" in shown
    assert "Rain" in maria.get("/session-day/wishes/").content.decode()
    part = maria.get(page, headers={"Range": "bytes=3-6"})
    assert (part.status_code, part.content, part["Content-Range"]) == (206, SOUND[3:7], f"bytes 3-6/{len(SOUND)}")
    assert maria.get(page, headers={"Range": "bytes=900-"}).status_code == 416
    assert cast.client(cast.other_prescriber).get(page).status_code == 404
    assert b"offered no more" in admin.post(f"/admin/care_sessions/calmtrack/{row.pk}/change/", follow=True).content
    assert maria.get(page).status_code == 404
    assert page not in maria.get("/session-day/calm/").content.decode()


@pytest.mark.django_db
def test_an_exercise_is_written_by_the_clinic_and_one_that_cannot_be_breathed_is_refused(cast: Cast) -> None:
    admin, add = cast.client(cast.clinic_admin), "/admin/care_sessions/calmexercise/add/"
    form = {"title": "Box", "lines": "Sit.\n\nBreathe.", "breathe_in": 4, "hold": 4, "breathe_out": 4, "minutes": 2}
    for wrong in ({"breathe_in": 60}, {"breathe_out": ""}, {"minutes": 0}):
        assert b"hold at most 8" in admin.post(add, form | wrong).content
    assert b"Kept." in admin.post(add, form, follow=True).content
    with use_clinic(cast.clinic.pk):
        assert CalmExercise.objects.get().lines == ["Sit.", "Breathe."]
    assert b'data-in-s="4"' in cast.client(cast.patient_user).get("/session-day/calm/").content
    with cast.acting(cast.nurse) as nurse, transaction.atomic(), pytest.raises(TreatmentRefused):
        actions.add_exercise(clinic=cast.clinic, title="x", lines=["y"], pace=actions.Pace(), actor=nurse)


@pytest.mark.django_db
def test_what_is_heard_is_kept_with_the_session_alone_and_once(cast: Cast) -> None:
    maria, again = cast.client(cast.patient_user), {"what": "exercise", "key": "body", "client_id": str(uuid4())}
    assert maria.post(HEARD, again).json() == {"kept": False}  # she is in no session: nobody writes it down
    session = ready(cast)
    assert maria.post(HEARD, again).json() == {"kept": True}
    assert maria.post(HEARD, again).json() == {"kept": True}
    assert maria.post(HEARD, again | {"what": "begins", "key": "body"}).status_code == 409  # no track of the clinic
    assert maria.post(HEARD, again | {"what": "dose"}).status_code == 409
    noted(cast, session, tap("eye-mask", text="on"))
    with use_clinic(cast.clinic.pk):
        rows = SessionEvent.objects.filter(session=session, kind__in=("music", "eye-mask")).order_by("occurred_at")
        assert list(rows.values_list("kind", "text")) == [("music", "exercise: Through the body"), ("eye-mask", "on")]
        assert SessionEvent.objects.filter(kind="music").get().actor is None
    page = cast.client(cast.nurse).get(session.path).content.decode()
    assert "exercise: Through the body" in page


@pytest.mark.django_db
def test_the_setting_that_was_wished_for_stands_on_the_board(cast: Cast) -> None:
    session = ready(cast)
    wished = {"eye_mask": "yes", "music": "No music", "intention": "A quiet hour", "calm": ""}
    maria = cast.client(cast.patient_user)
    assert maria.post("/session-day/wishes/", wished).status_code == 302
    assert maria.post("/session-day/wishes/", wished | {"eye_mask": "x"}).status_code == 200  # not kept
    desk = cast.client(cast.nurse)
    assert "Music: No music. Yes, an eye mask" in desk.get("/desk/sessions/").content.decode()
    assert "A quiet hour" in desk.get(session.path).content.decode()
