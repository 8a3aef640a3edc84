"""A clinic's colour is taken only where it can be read, and is applied by a stylesheet of its own."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts.brand import AA, DARK_GROUNDS, contrast, dark_shade, ink_on, soft, worst_contrast
from apps.accounts.clinic_settings import change_setting
from tests.cast import Cast

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(colours)
def test_every_colour_has_a_dark_shade_and_an_ink_that_can_be_read(colour: str) -> None:
    shade = dark_shade(colour)
    assert min(contrast(shade, ground) for ground in (*DARK_GROUNDS, soft(shade, DARK_GROUNDS[0], 0.16))) >= AA
    assert contrast(ink_on(shade), shade) >= AA
    if worst_contrast(colour) >= AA:
        assert contrast(ink_on(colour), colour) >= AA


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("colour", "words"),
    [
        ("teal", "six of"),
        ("#0B5F63", "six of"),
        ("#7fd6a0", "Too pale"),
        ("#a1151f", "Red is kept"),
        ("#fff", "six of"),
    ],
)
def test_a_colour_that_cannot_be_read_is_refused_in_words(cast: Cast, colour: str, words: str) -> None:
    with cast.acting(cast.clinic_admin), pytest.raises(ValidationError, match=words):
        change_setting(clinic=cast.clinic, name="brand_colour", value=colour, actor=cast.clinic_admin, reason="Look")


@pytest.mark.django_db
def test_a_clinics_colour_reaches_its_own_pages_and_no_others(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        change_setting(clinic=cast.clinic, name="brand_colour", value="#3b3f8f", actor=cast.clinic_admin, reason="Ours")
    for user in (cast.patient_user, cast.nurse):
        assert 'href="/brand/3b3f8f.css"' in cast.client(user).get("/", follow=True).content.decode()
    assert "/brand/" not in cast.client(cast.other_prescriber).get("/", follow=True).content.decode()
    sheet = cast.client(None).get("/brand/3b3f8f.css")
    assert sheet["Content-Type"] == "text/css"
    assert "--brand:light-dark(#3b3f8f," in sheet.content.decode()
    assert cast.client(None).get("/brand/}body{.css").status_code == 404
