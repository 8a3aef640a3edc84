"""Photos and documents in messages: what they hold decides, nothing but the picture is kept, every download is asked."""

import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from apps.accounts.clinic_settings import change_setting
from apps.audit.models import AuditEvent
from apps.messaging.files import read_file
from apps.messaging.files.documents import check_document
from apps.messaging.files.photos import MOST_PIXELS, SIDE, photo
from apps.messaging.files.reading import clean_name
from apps.messaging.models import Attachment, Message, Thread
from apps.messaging.refusal import MessageRefused
from tests.cast import Cast

PDF = b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF"
GPS, HERE = 34853, (40.0, 7.0, 12.0)


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **more: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **more)
    return out.getvalue()


def code_of(data: bytes, name: str = "x.jpg", megabytes: int = 1) -> str:
    try:
        read_file(data, name, most_megabytes=megabytes)
    except MessageRefused as refused:
        return refused.code
    return ""


def test_a_photo_keeps_no_place_no_comment_and_nothing_behind_its_end() -> None:
    exif = Image.Exif()
    exif.get_ifd(GPS).update({1: "N", 2: HERE})
    exif[274] = 6  # lies on its side
    sent = picture(exif=exif, comment=b"home address") + b"<script>alert(1)</script>%PDF-1.4 PK\x03\x04"
    kept = photo(sent)
    assert (kept.width, kept.height) == (40, 60)  # upright
    with Image.open(BytesIO(kept.content)) as image:
        assert not image.getexif()
        assert "comment" not in image.info
    assert b"script" not in kept.content
    assert b"home" not in kept.content


def test_a_photo_is_kept_no_larger_than_a_screen_needs() -> None:
    kept = photo(picture(size=(6000, 3000)))
    assert max(kept.width, kept.height) <= SIDE
    assert photo(picture("PNG")).content.startswith(b"\xff\xd8\xff")


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))

    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b"x" * (1024 * 1024 + 1), "too-large"),
        (b"GIF89a/*", "unknown-kind"),
        (b"<svg onload=alert(1)>", "unknown-kind"),
        (b"MZ\x90", "unknown-kind"),
        (b" %PDF-1.4 %%EOF", "unknown-kind"),  # a PDF begins with its sign
        (picture("GIF"), "unknown-kind"),
        (picture()[:300], "broken-file"),
        (bomb(50_000, 50_000), "too-large-picture"),
        (bomb(8_000, 6_000), "too-large-picture"),
        (PDF[:-6], "broken-file"),
        (PDF.replace(b"/Type", b"/OpenAction <</S /JavaScript /JS (app.alert(1))>> /Type"), "active-document"),
        (PDF.replace(b"/Type", b"/J#61vaScript 2 0 R /Type"), "active-document"),
        (PDF.replace(b"/Type", b"/EmbeddedFiles 2 0 R /Type"), "active-document"),
        (PDF.replace(b"/Root", b"/Encrypt 3 0 R /Root"), "locked-document"),
        (PDF, ""),
        (picture(), ""),
    ],
)
def test_what_a_file_holds_decides_and_not_its_name(data: bytes, code: str) -> None:
    assert code_of(data, "holiday.jpg") == code
    assert MOST_PIXELS < 8_000 * 6_000


def packed(text: bytes, how: bytes = b"/FlateDecode") -> bytes:
    body = zlib.compress(text)
    head = b"2 0 obj <</Type /ObjStm /Filter " + how + b" /Length " + str(len(body)).encode() + b">> stream\n"
    return PDF.replace(b"trailer", head + body + b"\nendstream endobj\ntrailer")


def test_a_script_packed_into_an_object_stream_is_found_and_what_cannot_be_unpacked_is_not_let_through() -> None:
    check_document(packed(b"1 0 <</Type /Page>>"))
    for wrong in (packed(b"<</S /JavaScript>>"), packed(b"x", b"/LZWDecode"), packed(b"\0" * (33 * 1024 * 1024))):
        with pytest.raises(MessageRefused):
            check_document(wrong)


SCRIPT = zlib.compress(b"1 0 <</S /JavaScript>>")
ODD = zlib.compress(b"1 0 <</S /JavaScript>> endstream", 0)  # stored: its own words stand in it as they are


@pytest.mark.parametrize(
    "object_stream",
    [
        b"<</Type /ObjStm" + b" " * 5000 + b"/Filter /FlateDecode>> stream\n" + SCRIPT,  # a long head
        b"<</Type /ObjStm\x00/Filter /FlateDecode>> stream\n" + SCRIPT,  # NUL is a space in a PDF
        b"<</Type /ObjStm /Filter /FlateDecode>> % a remark\nstream\n" + SCRIPT,
        b"<</Type /ObjStm /Filter 9 0 R>> stream\n" + SCRIPT,  # how it is packed is said elsewhere
        b"<</Filter /FlateDecode (obj) /Type /ObjStm>> stream\n" + SCRIPT,
        b"<</Type /ObjStm (obj) /Filter /FlateDecode>> stream\n" + SCRIPT,
        b"<</Type /ObjStm /Filter /FlateDecode /DecodeParms <</Predictor 12>>>> stream\n" + SCRIPT,
        b"<</Type /ObjStm /Filter /FlateDecode>> stream\n" + SCRIPT[:-6],  # cut short
        b"<</Type /ObjStm /Filter /FlateDecode>> stream\n" + ODD,
        b"<</Type /Obj#53tm /Filter /FlateDecode>> stream\r\n" + SCRIPT,
        b"% stream\n<</Type /ObjStm /Filter /FlateDecode>> stream\n" + SCRIPT,
    ],
)
def test_no_disguise_of_an_object_stream_is_let_through(object_stream: bytes) -> None:
    data = PDF.replace(b"trailer", b"2 0 obj " + object_stream + b"\nendstream endobj\ntrailer")
    assert code_of(data) in ("active-document", "broken-file")


@pytest.mark.parametrize("piece", [b"<<", b"<< >>", b">> ", b"stream\n", b"/ObjStm ", b"obj ", b"/ObjStm obj stream\n"])
def test_no_document_makes_the_server_think_for_long(piece: bytes) -> None:
    data = b"%PDF-1.4 /ObjStm " + piece * (2_000_000 // len(piece)) + b"%%EOF"
    began = time.process_time()
    code_of(data, megabytes=3)
    assert time.process_time() - began < 3  # by the old way "<<" alone took minutes


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", picture()[:120], bomb(9, 9)]),
    rest=st.binary(),
)
def test_no_bytes_whatever_raise_anything_but_a_refusal(start: bytes, rest: bytes) -> None:
    code_of(start + rest)
    code_of(start + rest + b"%%EOF")


@given(name=st.text(max_size=300))
def test_a_name_says_no_path_and_ends_as_what_it_is(name: str) -> None:
    kept = clean_name(name, "Photo", "jpg")
    assert kept.endswith(".jpg")
    assert len(kept) <= 90
    assert not set(kept) & set("/\\\0\r\n\u202e\u200b")


@contextmanager
def scanner(answer: bytes | None) -> Iterator[str]:
    """Something that speaks clamd's INSTREAM and says that; None: it takes the call and stays silent."""
    server = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        line, _address = server.accept()
        with line, line.makefile("rb") as read:
            assert read.read(10) == b"zINSTREAM\0"
            while size := struct.unpack("!I", read.read(4))[0]:
                heard.append(read.read(size))
            if answer is not None:
                line.sendall(answer + b"\0")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"clamd://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()
        thread.join(5)


def test_the_scanner_is_asked_and_nothing_passes_without_its_word(settings: Any) -> None:
    for answer, code in (
        (b"stream: OK", ""),
        (b"stream: Eicar FOUND", "infected"),
        (b"ERROR", "no-scan"),
        (None, "no-scan"),
    ):
        with scanner(answer) as settings.SCANNER:
            assert code_of(PDF) == code
    settings.SCANNER = "clamd:///nowhere/clamd.sock"
    assert code_of(picture()) == "no-scan"


# --- over the doors ------------------------------------------------------------------------------------


def post(cast: Cast, user: Any, path: str, data: bytes, **fields: Any) -> Any:
    file = SimpleUploadedFile("../../lab\u202e.pdf", data, content_type="text/html")
    return cast.client(user).post(path, {"client_id": str(uuid4()), "body": "", "file": file, **fields})


@pytest.mark.django_db
def test_a_photo_goes_by_a_plain_form_and_comes_back_to_those_who_may_see_it(cast: Cast, thread: Thread) -> None:
    key = str(uuid4())
    assert post(cast, cast.patient_user, "/messages/", picture(), body="My rash", client_id=key).status_code == 302
    assert post(cast, cast.patient_user, "/messages/", picture(), body="My rash", client_id=key).status_code == 302
    other = post(cast, cast.patient_user, "/messages/", PDF, body="My rash", client_id=key)
    assert other.status_code == 422
    with cast.acting(cast.nurse):
        (row,) = Attachment.objects.all()
        assert Message.objects.filter(thread=thread).count() == 1
        with connection.cursor() as cursor:
            cursor.execute("select content from messaging_attachment")
            assert b"\xff\xd8\xff" not in bytes(cursor.fetchone()[0])  # sealed at rest
    url = f"/messages/files/{row.pk}/"
    assert url in cast.client(cast.nurse).get(f"/desk/messages/{thread.pk}/").content.decode()
    assert url in cast.client(cast.patient_user).get("/messages/").content.decode()
    answer = cast.client(cast.nurse).get(url)
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "no-store"
    for stranger, status in ((cast.patient_2_user, 404), (cast.other_prescriber, 404), (cast.clinic_admin, 403)):
        assert cast.client(stranger).get(url).status_code == status
    with cast.acting(cast.nurse):
        assert AuditEvent.objects.filter(object_id=row.pk, action="read", actor_id=cast.nurse.pk).count() == 1


@pytest.mark.django_db
def test_a_document_is_handed_out_as_a_file_and_not_opened_in_the_page(cast: Cast, thread: Thread) -> None:
    assert post(cast, cast.nurse, f"/desk/messages/{thread.pk}/", PDF).status_code == 302
    with cast.acting(cast.nurse):
        row = Attachment.objects.get()
    assert row.name == "lab.pdf"
    answer = cast.client(cast.patient_user).get(f"/messages/files/{row.pk}/")
    assert (answer.content, answer["Content-Type"]) == (PDF, "application/pdf")
    assert answer["Content-Disposition"].startswith('attachment; filename="telek-')


@pytest.mark.django_db
def test_a_clinic_says_how_large_files_are_and_whether_there_are_any(cast: Cast, thread: Thread) -> None:
    refused = post(
        cast, cast.patient_user, "/messages/", b"\xff\xd8\xff" + b"x" * (11 * 1024 * 1024), body="kept words"
    )
    assert refused.status_code == 422
    assert "too large" in refused.content.decode()
    assert "kept words" in refused.content.decode()
    with cast.acting(cast.clinic_admin):
        change_setting(clinic=cast.clinic, name="message_files", value=False, actor=cast.clinic_admin, reason="")
    assert 'type="file"' not in cast.client(cast.patient_user).get("/messages/").content.decode()
    assert post(cast, cast.patient_user, "/messages/", picture()).status_code == 422
    with cast.acting(cast.nurse):
        assert not Message.objects.filter(thread=thread).exists()
