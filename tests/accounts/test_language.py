"""The language a person chose is spoken to them, and to nobody else."""

import gettext
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from apps.alerts.models import Alert, AlertEvent
from tests.cast import Cast
from tests.monitoring.test_survey_pages import agreed

ARABIC = re.compile("[\u0600-\u06ff]")


def chosen(cast: Cast, user: Any, language: str = "ar") -> Client:
    client = cast.client(user)
    client.post(reverse("language"), {"language": language, "next": "/more/"})
    return client


def html_of(client: Client, path: str) -> str:
    return client.get(path).content.decode()


@pytest.mark.django_db
def test_a_patient_chooses_a_language_and_keeps_it_on_every_device(cast: Cast) -> None:
    chosen(cast, cast.patient_user)
    page = html_of(cast.client(cast.patient_user), "/more/")
    assert '<html lang="ar" dir="rtl"' in page
    assert "تسجيل الخروج" in page


@pytest.mark.django_db
def test_a_language_that_is_not_spoken_here_changes_nothing(cast: Cast) -> None:
    chosen(cast, cast.patient_user, "tlh")
    assert '<html lang="en" dir="ltr"' in html_of(cast.client(cast.patient_user), "/more/")


@pytest.mark.django_db
def test_staff_read_the_desk_in_its_own_language_whatever_their_browser_asks_for(cast: Cast) -> None:
    client = chosen(cast, cast.nurse)
    answer = client.get("/desk/", headers={"accept-language": "ar"})
    assert '<html lang="en" dir="ltr"' in answer.content.decode()


def test_somebody_without_a_session_is_spoken_to_as_the_browser_asks(db: None) -> None:
    answer = Client().get("/help/", headers={"accept-language": "ar"})
    assert "مساعدة الآن" in answer.content.decode()


@pytest.mark.django_db
def test_the_form_is_found_in_the_language_and_the_instrument_in_its_own(cast: Cast) -> None:
    slot = agreed(cast, "phq-9")
    page = html_of(chosen(cast, cast.patient_user), reverse("survey", args=[slot.pk]))
    assert "تخطي هذا السؤال" in page
    assert 'lang="en" dir="ltr"' in page
    assert "Little interest or pleasure" in page


@pytest.mark.django_db
def test_our_own_check_in_is_asked_in_the_language_of_the_page(cast: Cast) -> None:
    slot = agreed(cast, "check-in")
    page = html_of(chosen(cast, cast.patient_user), reverse("survey", args=[slot.pk]))
    assert "كيف مزاجك الآن؟" in page


@pytest.mark.django_db
def test_what_an_arabic_answer_and_call_raise_stands_on_the_desk_in_its_language(cast: Cast) -> None:
    slot = agreed(cast, "check-in")
    client = chosen(cast, cast.patient_user)
    for link_id, value in {"problem": True, "problem_kind": 11, "problem_severity": 3}.items():
        answer = {"link_id": link_id, "value": value, "client_id": str(uuid4())}
        sent = client.post(reverse("survey-answer", args=[slot.pk]), answer, content_type="application/json")
        assert sent.status_code < 300, sent.content
    assert client.post("/call-me/", {"not_safe": "yes"}).status_code == 302
    assert client.post("/visits/ask/", {"wish": "any day"}).status_code == 302
    with cast.acting(cast.nurse), transaction.atomic():
        rows = [*Alert.objects.values_list("title", flat=True), *AlertEvent.objects.values_list("text", flat=True)]
    assert len(rows) > 3
    assert [row for row in rows if ARABIC.search(row)] == []


def entries(text: str) -> dict[str, str]:
    """msgid to msgstr of a catalogue's text, plural forms included, as gettext keys them."""
    found = {}
    for block in text.split("\n\n"):
        lines = dict(re.findall(r'^(msg\w+(?:\[\d\])?) "(.*)"$', block, re.M))
        key = lines.get("msgid", "")
        context = f"{lines['msgctxt']}\x04" if "msgctxt" in lines else ""
        for name, words in lines.items():
            if name.startswith("msgstr"):
                found[f"{context}{key}{name[6:]}"] = words.replace('\\"', '"')
    found.pop("", None)
    return {key.replace('\\"', '"'): words for key, words in found.items()}


@pytest.mark.parametrize("language", sorted(set(settings.TRANSLATED) - {"en"}))
def test_the_compiled_words_are_those_of_the_text_and_keep_their_places(language: str) -> None:
    folder = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES"
    text = entries((folder / "django.po").read_text())
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    keyed = {f"{key[0]}[{key[1]}]" if isinstance(key, tuple) else key: words for key, words in compiled.items() if key}
    assert keyed == text
    for key, words in text.items():
        if not key.endswith("]"):
            assert sorted(re.findall(r"%\(\w+\)s", key)) == sorted(re.findall(r"%\(\w+\)s", words)), key
