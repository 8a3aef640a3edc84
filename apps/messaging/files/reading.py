"""One file that somebody sends: what it is, by what it holds; made harmless; asked of the scanner."""

import hashlib
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.messaging.files.documents import check_document
from apps.messaging.files.photos import photo
from apps.messaging.files.scanner import scan
from apps.messaging.refusal import MessageRefused

PHOTO, DOCUMENT = "photo", "document"
MEGABYTE = 1024 * 1024
NAME_LENGTH = 80
JPEG, PNG, PDF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-"


@dataclass(frozen=True, slots=True)
class NewFile:
    """What is kept of a file. given: SHA-256 of what was sent; scanned: a scanner has found nothing in it."""

    kind: str
    name: str
    content: bytes
    given: str
    scanned: bool
    width: int = 0
    height: int = 0


def read_file(data: bytes, name: str, *, most_megabytes: int) -> NewFile:
    """Raises MessageRefused with code empty-file, too-large, unknown-kind, or what its kind, or the scanner, refuses."""
    if not data:
        raise MessageRefused("empty-file", _("The file is empty."))
    if len(data) > most_megabytes * MEGABYTE:
        raise MessageRefused("too-large", _("The file is too large: %(n)s MB at most.") % {"n": most_megabytes})
    if data.startswith((JPEG, PNG)):
        scanned, picture = scan(data), photo(data)
        given = hashlib.sha256(data).hexdigest()
        label = clean_name(name, _("Photo"), "jpg")
        return NewFile(PHOTO, label, picture.content, given, scanned, picture.width, picture.height)
    if data.startswith(PDF):
        scanned = scan(data)
        check_document(data)
        return NewFile(
            DOCUMENT, clean_name(name, _("Document"), "pdf"), data, hashlib.sha256(data).hexdigest(), scanned
        )
    raise MessageRefused("unknown-kind", _("Only photos (JPEG, PNG) and PDF documents can be sent."))


def clean_name(name: str, otherwise: str, ending: str) -> str:
    """What the file is called on the page: no path, no control or direction signs, the ending of what it is.

    >>> clean_name("../../x\\u202egpj.exe", "Photo", "jpg")
    'xgpj.jpg'
    """
    base = name.replace("\\", "/").rpartition("/")[2]
    stem = base.rpartition(".")[0] or base
    kept = "".join(
        one for one in unicodedata.normalize("NFC", stem) if unicodedata.category(one)[0] not in "CZ" or one == " "
    )
    kept = " ".join(kept.replace("/", " ").split()).strip(". ")[:NAME_LENGTH]
    return f"{kept or otherwise}.{ending}"
