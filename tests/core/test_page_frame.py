"""The parts of every page: icons, priorities, times, layouts, fields. No inline style or script anywhere."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template.loader import render_to_string
from django.test import RequestFactory

from apps.core import clock
from apps.core.templatetags import telek as tags
from apps.core.templatetags.icon_paths import DESK, PATIENT

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 25, 13, 41, 16, tzinfo=UTC)
NEW_YORK = "America/New_York"


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 25, 17, 0, tzinfo=UTC))


@pytest.mark.parametrize("name", sorted(PATIENT))
def test_every_patient_icon_is_drawn_and_hidden_from_screen_readers(name: str) -> None:
    assert re.fullmatch(r'<svg class="i( turn)?" viewBox="0 0 24 24" aria-hidden="true">.+</svg>', tags.icon(name))


@pytest.mark.parametrize("name", sorted(DESK))
def test_every_desk_icon_is_drawn(name: str) -> None:
    assert 'aria-hidden="true"' in tags.desk_icon(name)


def test_an_icon_that_speaks_is_an_image_with_an_escaped_name() -> None:
    assert 'role="img" aria-label="&lt;b&gt;"' in tags.icon("phone", "s", "<b>")


def test_an_unknown_icon_is_a_fault_and_not_a_blank() -> None:
    with pytest.raises(KeyError):
        tags.icon("phnoe")


@pytest.mark.parametrize(
    ("level", "classes", "word"),
    [("P1", "p1", "Act now"), (2, "p2", "Today"), ("p3", "p3", "Soon"), ("ok", "ok", "On track")],
)
def test_a_priority_is_shape_word_and_colour_together(level: object, classes: str, word: str) -> None:
    html = tags.priority(level)
    assert f'class="pri-m {classes}"' in html
    assert "<svg" in html
    assert word in html


def test_the_word_of_a_priority_can_be_another_and_is_escaped() -> None:
    assert "&lt;i&gt;" in tags.priority("P1", "<i>")


def test_times_are_written_in_the_zone_asked_for() -> None:
    assert tags.clock_time(AT, NEW_YORK) == '<time datetime="2026-11-25T08:41:16-05:00">08:41</time>'
    assert ">08:41:16<" in tags.clock_seconds(AT, ZoneInfo(NEW_YORK))
    assert ">13:41<" in tags.clock_time(AT)
    assert [tags.clock_time(None), tags.local_time(None), tags.local_day(None), tags.relative_day(None)] == [""] * 4


def test_a_day_is_the_day_of_the_zone(noon: None) -> None:
    late = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
    assert ">Wed 25 Nov 22:00<" in tags.local_time(late, NEW_YORK)
    assert ">Thu 26 Nov<" in tags.local_day(late, "UTC")
    assert ">Wed 1 Dec 2027<" in tags.local_day(date(2027, 12, 1))


@pytest.mark.parametrize(("day", "word"), [(24, "Yesterday"), (25, "Today"), (26, "Tomorrow"), (27, "Fri 27 Nov")])
def test_near_days_have_their_names(noon: None, day: int, word: str) -> None:
    assert tags.relative_day(date(2026, 11, day), NEW_YORK) == word


def test_the_other_clock_is_shown_only_when_it_differs() -> None:
    assert "(" not in tags.both_times(AT, (NEW_YORK, "America/Toronto"))
    assert "(05:41 for the patient)" in tags.both_times(AT, (NEW_YORK, "America/Los_Angeles"))


def test_initials_and_percent() -> None:
    assert [tags.initials(name) for name in ("Maria Alvarez", "Cher", "", "van der Berg, Jan")] == ["MA", "C", "", "VJ"]
    assert [tags.percent(1, 2), tags.percent(3, 2), tags.percent(-1, 2), tags.percent(1, 0)] == [50, 100, 0, 0]


class Crisis:
    call_number = "116 123"
    call_label = "Samaritans"
    text_number = ""
    emergency_number = "999"


LAYOUTS = ("patient", "patient_task", "plain", "desk")


@pytest.mark.django_db
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_has_language_skip_link_one_main_and_nothing_inline(layout: str) -> None:
    html = render_to_string(f"layout/{layout}.html", {"crisis": Crisis()}, RequestFactory().get("/"))
    assert '<html lang="en" dir="ltr"' in html
    assert html.count("<main") == 1
    assert 'href="#main"' in html
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", html)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", html))


@pytest.mark.django_db
@pytest.mark.parametrize("layout", LAYOUTS[:3])
def test_help_is_one_tap_away_on_every_patient_layout(layout: str) -> None:
    html = render_to_string(f"layout/{layout}.html", {"crisis": Crisis()}, RequestFactory().get("/"))
    assert "Help now" in html
    assert 'href="tel:116123"' in html
    assert 'href="tel:999"' in html


@pytest.mark.django_db
def test_a_number_that_the_clinic_has_not_set_is_not_offered() -> None:
    html = render_to_string("layout/plain.html", {"crisis": None}, RequestFactory().get("/"))
    assert "Help now" in html
    assert "tel:" not in html


@pytest.mark.django_db
def test_the_theme_of_the_cookie_is_drawn_and_a_forged_one_is_not() -> None:
    for value, drawn in (("dark", True), ('"><script>', False)):
        request = RequestFactory().get("/")
        request.COOKIES["theme"] = value
        assert ("data-theme" in render_to_string("layout/plain.html", {}, request)) is drawn


class Sample(forms.Form):
    email = forms.EmailField(label="Email", help_text="Work address")
    agree = forms.BooleanField(label="I agree")
    risk = forms.ChoiceField(label="Risk", choices=[("low", "Low")], widget=forms.RadioSelect)


def test_a_field_ties_label_hint_and_error_to_its_input() -> None:
    html = Sample({"email": "nope"})["email"].as_field_group()
    assert 'class="field err"' in html
    assert '<label for="id_email">Email</label>' in html
    for told in ("id_email_helptext", "id_email_error"):
        assert f'id="{told}"' in html
        assert told in re.findall(r'aria-describedby="([^"]*)"', html)[0].split()
    assert 'aria-invalid="true"' in html


def test_a_checkbox_is_labelled_once_and_a_choice_has_a_legend() -> None:
    form = Sample()
    assert form["agree"].as_field_group().count("I agree") == 1
    assert "<legend>Risk</legend>" in form["risk"].as_field_group()


def test_the_error_summary_leads_to_each_field_and_is_absent_when_nothing_is_wrong() -> None:
    html = render_to_string("forms/_error_summary.html", {"form": Sample({"email": "nope"})})
    assert 'role="alert"' in html
    assert re.findall(r'href="#([^"]+)"', html)[:2] == ["id_email", "id_agree"]
    assert "role" not in render_to_string("forms/_error_summary.html", {"form": Sample()})


def test_no_template_or_style_sheet_of_ours_needs_an_inline_style_or_a_physical_side() -> None:
    for path in [*ROOT.glob("templates/layout/*.html"), *ROOT.glob("templates/a*/**/*.html")]:
        assert not re.search(r"\sstyle=|<style|\son(click|load|change|submit)=", path.read_text()), path
    for path in ROOT.glob("static/css/**/*.css"):
        sheet = re.sub(r"/\*.*?\*/|linear-gradient\([^;]*", "", path.read_text(), flags=re.DOTALL)
        physical = (
            r"(?<![-\w])(margin|padding|border)-(left|right)|[{;]\s*(left|right)\s*:|(float|text-align): (left|right)"
        )
        assert not re.search(physical, sheet), path
        assert "http" not in sheet.replace('a[href^="http"]', ""), path
