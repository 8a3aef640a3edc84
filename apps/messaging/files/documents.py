"""PDF documents: kept as they are, and refused where they could do something by themselves. Pure.

This looks for the names of what acts (scripts, launched programs, embedded files, forms of the XFA kind), also where
they are written in hexadecimal or packed into object streams. It is no proof of harmlessness: a PDF is never shown
inside a page, only handed out as a file, sandboxed (apps/messaging/views/files.py).
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
LOCKED = b"/Encrypt"
MOST_UNPACKED = 32 * 1024 * 1024  # of all object streams together
MOST_STREAMS = 2_000
_NAME = re.compile(rb"/[^\x00\t\n\f\r ()<>\[\]{}/%]+")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"<<(?P<head>[^\x00]{0,4096}?)>>\s*stream\r?\n", re.DOTALL)
_END = b"endstream"


def check_document(data: bytes) -> None:
    """Raises MessageRefused: broken-file, locked-document, active-document."""
    if b"%%EOF" not in data[-2048:]:
        raise MessageRefused("broken-file", _("This PDF is not complete. Please send it again."))
    names = _names(data) | _packed_names(data)
    if LOCKED in names:
        raise MessageRefused("locked-document", _("This PDF is locked with a password. Please send it without one."))
    if names & ACTIVE:
        raise MessageRefused(
            "active-document",
            _("This PDF holds a program or another file. Please print it into a new PDF, or send a photo of it."),
        )


def _names(data: bytes) -> set[bytes]:
    """Every name in it, with #4A read as J."""
    return {_HEX.sub(lambda found: bytes([int(found[1], 16)]), name) for name in _NAME.findall(data)}


def _packed_names(data: bytes) -> set[bytes]:
    """Names inside object streams. One that cannot be unpacked, or is packed twice, is not let through."""
    names: set[bytes] = set()
    left = MOST_UNPACKED
    for number, found in enumerate(_STREAM.finditer(data)):
        if number >= MOST_STREAMS:
            raise _unclear()
        head = _names(found["head"])
        if b"/ObjStm" not in head:
            continue
        packed = data[found.end() : max(data.find(_END, found.end()), found.end())]
        text = _unpacked(packed, head, left)
        left -= len(text)
        names |= _names(text)
    return names


def _unpacked(packed: bytes, head: set[bytes], most: int) -> bytes:
    filters = {name for name in head if name.endswith(b"Decode")}
    if not filters:
        return packed
    if filters != {b"/FlateDecode"}:
        raise _unclear()
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(packed, most)
    except zlib.error as error:
        raise _unclear() from error
    if unpacker.unconsumed_tail:
        raise _unclear()
    return text


def _unclear() -> MessageRefused:
    return MessageRefused(
        "broken-file", _("This PDF cannot be checked. Please print it into a new PDF, or send a photo.")
    )
