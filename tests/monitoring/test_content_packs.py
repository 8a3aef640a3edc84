"""A clinic's own wording: staged, published, in force from the next form on; old answers keep theirs."""

import io
import json
from datetime import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.models import Clinic
from apps.alerts.models import Alert, AlertOccurrence
from apps.monitoring import actions
from apps.monitoring.actions.follow_on import follow_on_of
from apps.monitoring.actions.phases import lines_of
from apps.monitoring.instruments.pack import PackRefused, read_pack
from apps.monitoring.models import Assignment, ContentPack, Questionnaire, Slot, SlotState
from apps.monitoring.published import definition_of
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.schedule import close_due_slots
from apps.notifications.models import Delivery
from tests.cast import Cast
from tests.clinical.packs import pack_for
from tests.monitoring.stage import assigned, give, give_all, open_slot, questionnaire

pytestmark = pytest.mark.django_db


def install(cast: Cast, key: str, version: str = "1", words: str = "Invented question") -> ContentPack:
    pack = read_pack(pack_for(key, version=version, words=words))
    row = actions.stage_pack(clinic=cast.clinic, pack=pack, actor=cast.clinic_admin)
    return actions.publish_pack(pack=row, actor=cast.clinic_admin)


def test_an_instrument_can_be_given_once_its_wording_is_published_and_only_in_that_clinic(cast: Cast) -> None:
    questionnaire()
    with cast.acting(cast.nurse):
        staged = actions.stage_pack(clinic=cast.clinic, pack=read_pack(pack_for("pcl-5")), actor=cast.clinic_admin)
        assert not definition_of(actions.newest("pcl-5", cast.clinic)).has_wording
        actions.publish_pack(pack=staged, actor=cast.clinic_admin)
        row = actions.newest("pcl-5", cast.clinic)
        assert definition_of(row).items[0].text == "Invented question q1"
        assert row in actions.on_offer(cast.clinic)
        actions.assign(patient=cast.patient, questionnaire=row, rhythm="weekly", weekday=0, actor=cast.nurse)
    with cast.acting(cast.other_prescriber):
        elsewhere = actions.newest("pcl-5", cast.other_clinic)
        assert not elsewhere.from_pack
        assert row not in actions.on_offer(cast.other_clinic)
        with pytest.raises(SurveyRefused):
            actions.assign(
                patient=cast.other_patient, questionnaire=elsewhere, rhythm="once", actor=cast.other_prescriber
            )


def test_two_clinics_may_call_different_wordings_the_same_version(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        mine = install(cast, "isi", words="Ours")
    with cast.acting(cast.other_prescriber):
        pack = read_pack(pack_for("isi", words="Theirs"))
        staged = actions.stage_pack(clinic=cast.other_clinic, pack=pack, actor=None)
        theirs = actions.publish_pack(pack=staged, actor=None)
        assert not ContentPack.objects.filter(pk=mine.pk).exists()  # behind the wall
    assert mine.questionnaire != theirs.questionnaire


def test_a_published_version_never_changes_in_code_or_in_the_database(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        row = install(cast, "isi")
        assert actions.stage_pack(clinic=cast.clinic, pack=read_pack(pack_for("isi")), actor=None) == row
        with pytest.raises(PackRefused, match="new version"):
            actions.stage_pack(clinic=cast.clinic, pack=read_pack(pack_for("isi", words="Other")), actor=None)
        for change in ({"licence": "x"}, {"document": {}}, {"state": "draft"}, {"questionnaire": None}):
            with pytest.raises(IntegrityError), transaction.atomic():
                ContentPack.objects.filter(pk=row.pk).update(**change)


def test_a_draft_may_be_replaced_until_it_is_published(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        for words in ("First", "Second"):
            pack = read_pack(pack_for("isi", words=words))
            row = actions.stage_pack(clinic=cast.clinic, pack=pack, actor=cast.clinic_admin)
        assert ContentPack.objects.get() == row
        assert row.document["items"][0]["text"] == "Second q1"
        assert not Questionnaire.objects.filter(from_pack=True).exists()


def test_a_new_version_serves_the_next_form_and_old_answers_keep_theirs(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        install(cast, "phq-9", "1", "Old words")
        first = _open(cast)
        give_all(cast, first, 3, 3, 3, 3, 3, 3, 3, 3, 0)
        response = actions.submit_response(slot=first, actor=cast.patient_user, auth_level="session")
        half_filled = Slot.objects.filter(state=SlotState.SCHEDULED).order_by("opens_at").first()
        assert half_filled is not None
        half_filled.state = SlotState.OPEN
        half_filled.save()
        before = Delivery.objects.count()
        install(cast, "phq-9", "2", "New words")
        for row in (first, half_filled, response):
            row.refresh_from_db()
            assert definition_of(row.questionnaire).items[0].text == "Old words q1"
        planned = Slot.objects.filter(state=SlotState.SCHEDULED).select_related("questionnaire")
        assert planned
        assert {definition_of(slot.questionnaire).items[0].text for slot in planned} == {"New words q1"}
        assert response.total == 24
        assert Delivery.objects.count() == before
        assert Assignment.objects.filter(status="active").count() == 1


def _open(cast: Cast) -> Slot:
    """An open PHQ-9 in the words in force."""
    row = actions.newest("phq-9", cast.clinic)
    questionnaire()
    assignment = actions.assign(
        patient=cast.patient, questionnaire=row, rhythm="daily", open_hours=24, opens_time=time(0), actor=cast.nurse
    )
    slot = assignment.slots.order_by("opens_at").first()
    assert slot is not None
    slot.state = SlotState.OPEN
    slot.save()
    return slot


def test_the_same_instrument_in_two_versions_is_one_schedule(cast: Cast) -> None:
    questionnaire()
    with cast.acting(cast.nurse):
        assigned(cast, "phq-9")
        install(cast, "phq-9", "2")
        with pytest.raises(SurveyRefused) as refusal:
            assigned(cast, "phq-9")
        assert refusal.value.code == "already-assigned"


def test_a_withdrawn_pack_is_not_given_any_more(cast: Cast) -> None:
    questionnaire()
    with cast.acting(cast.nurse):
        row = install(cast, "isi")
        actions.withdraw_pack(pack=row, actor=cast.clinic_admin)
        assert not actions.newest("isi", cast.clinic).from_pack
        again = actions.publish_pack(pack=row, actor=cast.clinic_admin)
        assert actions.newest("isi", cast.clinic) == again.questionnaire


# --- the screener after item 9 -----------------------------------------------------------------------


def test_item_nine_opens_the_screener_in_the_same_session_once_its_wording_is_there(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        install(cast, "c-ssrs")
        slot = open_slot(cast)
        sent = Delivery.objects.filter(kind="reminder").count()
        give(cast, slot, "q9", 1)
        give(cast, slot, "q9", 2)  # the same form follows once
        screener = follow_on_of(slot)
        assert screener is not None
        assert (screener.state, screener.questionnaire.key) == (SlotState.OPEN, "c-ssrs")
        assert Slot.objects.filter(questionnaire__key="c-ssrs").count() == 1
        assert Delivery.objects.filter(kind="reminder").count() == sent
        detail = AlertOccurrence.objects.filter(rule_code="phq9-item-9").values_list("detail", flat=True)
        assert all("was opened for the person" in words for words in detail)
        give_all(cast, slot, 0, 0, 0, 0, 0, 0, 0, 0)
        actions.submit_response(slot=slot, actor=cast.patient_user, auth_level="session")
    page = cast.client(cast.patient_user).get(reverse("survey-done", args=[slot.pk])).content.decode()
    assert reverse("survey", args=[screener.pk]) in page
    with cast.acting(cast.nurse):
        give(cast, screener, "q4", True)
        alert = Alert.objects.get(cause="suicidal-thoughts")
        assert alert.level == "P1"


def test_whoever_was_asked_before_is_asked_since_then_where_that_wording_is_installed(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        install(cast, "c-ssrs")
        install(cast, "c-ssrs-since")
        first = open_slot(cast)
        give(cast, first, "q9", 1)
        screener = follow_on_of(first)
        assert screener is not None
        assert screener.questionnaire.key == "c-ssrs"
        for link_id in ("q1", "q2", "q6_lifetime"):
            give(cast, screener, link_id, False)
        actions.submit_response(slot=screener, actor=cast.patient_user, auth_level="session")
        second = first.assignment.slots.exclude(pk=first.pk).order_by("opens_at")[0]
        Slot.objects.filter(pk=second.pk).update(state=SlotState.OPEN)
        second.refresh_from_db()
        give(cast, second, "q9", 1)
        again = follow_on_of(second)
        assert again is not None
        assert again.questionnaire.key == "c-ssrs-since"
        give(cast, again, "q6", True)
        assert Alert.objects.get(cause="suicidal-thoughts").level == "P1"


def test_after_the_baseline_the_set_of_a_phase_asks_since_the_last_contact(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        questionnaire()
        install(cast, "c-ssrs")
        assert "c-ssrs" in {line.key for line in lines_of(cast.clinic, "induction")}
        install(cast, "c-ssrs-since")
        keys = {line.key for line in lines_of(cast.clinic, "induction")}
        assert ("c-ssrs-since" in keys, "c-ssrs" in keys) == (True, False)
        assert "c-ssrs" in {line.key for line in lines_of(cast.clinic, "baseline")}


@pytest.mark.parametrize("level", ["none", "staff"])
def test_without_wording_or_by_staff_a_clinician_asks_the_screener(cast: Cast, level: str) -> None:
    with cast.acting(cast.nurse):
        if level == "staff":
            install(cast, "c-ssrs")
        slot = open_slot(cast)
        give(cast, slot, "q9", 1, auth_level="staff" if level == "staff" else "session")
        assert follow_on_of(slot) is None
        assert "must be asked by a clinician" in AlertOccurrence.objects.get().detail


def test_a_screener_left_unanswered_is_not_assessed(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        install(cast, "c-ssrs")
        slot = open_slot(cast)
        give(cast, slot, "q9", 1)
        screener = follow_on_of(slot)
        assert screener is not None
        Slot.objects.filter(pk=screener.pk).update(closes_at=screener.opens_at, next_step_at=screener.opens_at)
        close_due_slots()
        blank = Alert.objects.get(cause="not-assessed")
        assert blank.level == "P2"


def test_a_one_tap_link_opens_the_screener_of_its_own_form_and_no_other(cast: Cast) -> None:
    from apps.core import clock
    from apps.monitoring.links import issue

    with cast.acting(cast.nurse):
        install(cast, "c-ssrs")
        slot = open_slot(cast)
        other = open_slot(cast, "gad-7")
        token = issue(slot, clock.now())
        give(cast, slot, "q9", 1)
        give_all(cast, slot, 0, 0, 0, 0, 0, 0, 0, 0)
        actions.submit_response(slot=slot, actor=cast.patient_user, auth_level="link")
        screener = follow_on_of(slot)
        assert screener is not None
    client = cast.client(None)
    session = client.session
    with cast.acting(cast.nurse):
        link = slot.links.get()
    session["survey_link"] = {
        "link": str(link.pk), "slot": str(slot.pk), "clinic": str(cast.clinic.pk), "seen": clock.now().timestamp(),
    }  # fmt: skip
    session.save()
    address = reverse("survey", args=[screener.pk])
    assert token
    assert client.get(address).status_code == 302  # before the form that opened it was looked at
    assert address in client.get(reverse("survey-done", args=[slot.pk])).content.decode()
    assert client.get(address).status_code == 200
    assert client.get(reverse("survey", args=[other.pk])).status_code == 302


# --- the doors ----------------------------------------------------------------------------------------


def test_the_admin_checks_shows_publishes_and_exports_a_pack(cast: Cast) -> None:
    client = cast.client(cast.clinic_admin)
    add = reverse("admin:monitoring_contentpack_add")
    broken = pack_for("madrs")
    broken["items"][3]["options"][2]["label"] = ""
    page = client.post(add, {"text": json.dumps(broken)})
    assert "items[3].options[2].label: a text is needed" in page.content.decode()
    with cast.acting(cast.clinic_admin):
        assert not ContentPack.objects.exists()
    upload = io.BytesIO(json.dumps(pack_for("madrs")).encode())
    upload.name = "madrs.json"
    shown = client.post(add, {"file": upload}, follow=True).content.decode()
    assert "Invented question q1" in shown
    with cast.acting(cast.clinic_admin):
        row = ContentPack.objects.get()
        assert (row.state, row.installed_by) == ("draft", cast.clinic_admin.membership)
    address = reverse("admin:monitoring_contentpack_change", args=[row.pk])
    assert "does not change any more" in client.post(address, {"do": "publish"}, follow=True).content.decode()
    fhir = client.get(reverse("admin:monitoring_contentpack_fhir", args=[row.pk]))
    assert fhir["Content-Type"] == "application/fhir+json"
    exported = json.loads(fhir.content)
    again = client.post(add, {"text": json.dumps({**exported, "version": "2"})}, follow=True).content.decode()
    assert "Invented question q1" in again
    with cast.acting(cast.clinic_admin):
        words = {tuple(item["text"] for item in pack.document["items"]) for pack in ContentPack.objects.all()}
        assert len(words) == 1
        assert ContentPack.objects.count() == 2


def test_the_command_checks_installs_and_exports(cast: Cast, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(pack_for("isi")))
    bad.write_text('{"format": 1}')
    with pytest.raises(CommandError, match="instrument: one of"):
        call_command("content_pack", "check", str(bad))
    with pytest.raises(CommandError, match="No such file"):
        call_command("content_pack", "check", str(tmp_path / "none.json"))
    with pytest.raises(CommandError, match="no clinic"):
        call_command("content_pack", "install", str(good), "--clinic", "nowhere")
    out = io.StringIO()
    call_command("content_pack", "install", str(good), "--clinic", cast.clinic.slug, "--publish", stdout=out)
    assert "7 items, nothing is wrong" in out.getvalue()
    with cast.acting(cast.nurse):
        assert actions.newest("isi", Clinic.objects.get(pk=cast.clinic.pk)).from_pack
    out = io.StringIO()
    call_command("content_pack", "export", "isi", "--clinic", cast.clinic.slug, "--fhir", stdout=out)
    assert json.loads(out.getvalue())["item"][0]["text"] == "Invented question q1"
