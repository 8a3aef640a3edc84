"""A clinic's logo: only pixels are kept, only its own people see it in its place, and its history tells who changed it."""

from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image, PngImagePlugin

from apps.accounts.clinic_settings import change_setting, setting
from apps.accounts.logo_picture import HEIGHT, KEPT_BYTES, UPLOAD_BYTES, logo
from apps.accounts.models import ClinicSetting
from tests.cast import Cast

PAGE = reverse("admin:accounts_clinicsetting_add") + "?name=logo"


def png(width: int = 400, height: int = 200, *, noise: bool = False, comment: str = "") -> bytes:
    image = (
        Image.effect_noise((width, height), 90).convert("RGB") if noise else Image.new("RGB", (width, height), "teal")
    )
    about = PngImagePlugin.PngInfo()
    about.add_text("Comment", comment)
    out = BytesIO()
    image.save(out, "PNG", pnginfo=about)
    return out.getvalue()


def upload(client: Client, data: bytes | None = None, **more: Any) -> Any:
    files = {"picture": SimpleUploadedFile("logo.png", data)} if data else {}
    return client.post(PAGE, {"words": "Riverside", "reason": "new sign", **more, **files})


def test_nothing_but_the_pixels_is_kept() -> None:
    made = logo(png(comment="secret place") + b"<script>alert(1)</script>")
    assert b"secret" not in made.content
    assert b"script" not in made.content
    assert (made.height, made.width) == (HEIGHT, HEIGHT * 2)
    assert len(made.content) <= KEPT_BYTES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a<script>alert(1)</script>",
        png()[:60],
        png(20, 20),
        png(1000, 500, noise=True) * 3 + b"\x00" * UPLOAD_BYTES,
    ],
)
def test_what_is_no_small_picture_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ValidationError):
        logo(data)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    flat = BytesIO()
    Image.new("1", (5_000, 5_000)).save(flat, "PNG")
    with pytest.raises(ValidationError, match="too many pixels"):
        logo(flat.getvalue())


@pytest.mark.django_db
def test_an_administrator_puts_the_logo_up_and_takes_it_down(cast: Cast) -> None:
    admin, patient = cast.client(cast.clinic_admin), cast.client(cast.patient_user)
    assert upload(admin, png()).status_code == 302
    home = patient.get("/").content.decode()
    address = home.split('<img class="logo" src="')[1].split('"')[0]
    assert 'alt="Riverside"' in home
    shown = Client().get(address)
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert "Content-Security-Policy" in shown
    assert "logo.png" not in address
    assert "logo" not in cast.client(cast.other_patient_user).get("/").content.decode().split("</header>")[0]
    assert upload(admin).status_code == 302
    assert '<img class="logo"' not in patient.get("/").content.decode()
    with cast.acting(cast.clinic_admin):
        rows = ClinicSetting.objects.filter(name="logo").order_by("created_at")
        assert [(bool(row.value), row.changed_by) for row in rows] == [
            (True, cast.clinic_admin),
            (False, cast.clinic_admin),
        ]


@pytest.mark.django_db
def test_a_logo_that_stands_there_unreadable_takes_no_page_down(cast: Cast) -> None:
    upload(cast.client(cast.clinic_admin), png())
    with cast.acting(cast.clinic_admin) as admin:
        good = setting(cast.clinic, "logo")
        digest = good.split(" ")[0]
        for wrong in (digest, f"{digest} x", f"{digest} 9x9 Riverside", good.replace("x", "×"), "words"):
            with pytest.raises(ValidationError):
                change_setting(clinic=cast.clinic, name="logo", value=wrong, actor=admin, reason="test")
        ClinicSetting.objects.create(clinic=cast.clinic, name="logo", value=digest)
    assert cast.client(cast.patient_user).get("/").status_code == 200
    assert cast.client(cast.nurse).get("/desk/").status_code == 200


@pytest.mark.django_db
def test_a_picture_without_words_or_of_another_kind_stays_on_the_form(cast: Cast) -> None:
    admin = cast.client(cast.clinic_admin)
    assert "screen readers" in upload(admin, png(), words="").content.decode()
    assert "can be read" in upload(admin, b"not a picture").content.decode()
    assert cast.client(cast.nurse).get(PAGE).status_code in (302, 403)
