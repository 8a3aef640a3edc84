"""PDF documents: kept as they are, and refused where they could do something by themselves. Pure.

This looks for the names of what acts (scripts, launched programs, embedded files, forms of the XFA kind), also where
they are written in hexadecimal or packed into object streams. It is no proof of harmlessness: a PDF is never shown
inside a page, only handed out as a file, sandboxed (apps/messaging/views/files.py).

Each byte is looked at a fixed number of times, whatever the file holds: no file makes the server think for minutes.
"""

import re
import zlib

from django.utils.translation import gettext as _

from apps.messaging.refusal import MessageRefused

ACTIVE = {
    b"/JavaScript",
    b"/JS",
    b"/Launch",
    b"/EmbeddedFile",
    b"/EmbeddedFiles",
    b"/RichMedia",
    b"/XFA",
    b"/SubmitForm",
    b"/ImportData",
    b"/GoToE",
    b"/AA",
}
LOCKED, PACKED, FILTER, FLATE = b"/Encrypt", b"/ObjStm", b"/Filter", b"/FlateDecode"
#: What changes the bytes of an object stream beside its filter; nobody's writer does that.
DISGUISED = {b"/DecodeParms", b"/DP", b"/F", b"/FFilter", b"/Predictor"}
MOST_UNPACKED = 32 * 1024 * 1024  # of all object streams together
MOST_STREAMS = 2_000
_NAME = re.compile(rb"/[^\x00\t\n\f\r ()<>\[\]{}/%]+")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_START, _END, _OBJECT = re.compile(rb"(?<!end)stream\r?\n"), b"endstream", b"obj"
_PLAIN = re.compile(rb"\s{0,64}[0-9]{1,10}\s{1,64}[0-9]{1,10}\s")  # an object stream begins with numbers


def check_document(data: bytes) -> None:
    """Raises MessageRefused: broken-file, locked-document, active-document."""
    if b"%%EOF" not in data[-2048:]:
        raise MessageRefused("broken-file", _("This PDF is not complete. Please send it again."))
    names = _names(data)
    seen = set(names) | _packed_names(data, names.count(PACKED))
    if LOCKED in seen:
        raise MessageRefused("locked-document", _("This PDF is locked with a password. Please send it without one."))
    if seen & ACTIVE:
        raise MessageRefused(
            "active-document",
            _("This PDF holds a program or another file. Please print it into a new PDF, or send a photo of it."),
        )


def _names(data: bytes) -> list[bytes]:
    """Every name in it, with #4A read as J."""
    return [_HEX.sub(lambda found: bytes([int(found[1], 16)]), name) for name in _NAME.findall(data)]


def _packed_names(data: bytes, said: int) -> set[bytes]:
    """Names inside object streams. One that cannot be unpacked, is packed twice or hides is not let through.

    said: how often the file speaks of object streams; each must be one that was looked into.
    """
    names: set[bytes] = set()
    left, after = MOST_UNPACKED, 0
    for number, found in enumerate(_START.finditer(data) if said else ()):
        if number >= MOST_STREAMS:
            raise _unclear()
        if found.start() < after:  # inside the stream before
            continue
        head = _names(data[max(data.rfind(_OBJECT, after, found.start()), after) : found.start()])
        after = end = data.find(_END, found.end())
        if end < 0:
            raise _unclear()
        if PACKED not in head:
            continue
        text = _unpacked(data[found.end() : end], head, left)
        left -= len(text)
        said -= head.count(PACKED)
        names.update(_names(text))
    if said:
        raise _unclear()
    return names


def _unpacked(packed: bytes, head: list[bytes], most: int) -> bytes:
    if DISGUISED & set(head):
        raise _unclear()
    if FILTER not in head:
        if not _PLAIN.match(packed):
            raise _unclear()
        return packed
    if [name for name in head if name.endswith(b"Decode")] != [FLATE]:
        raise _unclear()
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(packed, most)
    except zlib.error as error:
        raise _unclear() from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise _unclear()
    return text


def _unclear() -> MessageRefused:
    return MessageRefused(
        "broken-file", _("This PDF cannot be checked. Please print it into a new PDF, or send a photo.")
    )
