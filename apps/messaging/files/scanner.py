"""The malware scanner, where the installation has one (TELEK_SCANNER): clamd, asked over its own protocol.

A scanner that is set and does not answer lets nothing through, and the person is told that.
"""

import logging
import socket
import struct
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from apps.messaging.refusal import MessageRefused

logger = logging.getLogger(__name__)

WAIT_S = 5.0
CHUNK = 64 * 1024
MOST_ANSWER = 4096


def scan(data: bytes) -> bool:
    """Was it looked at and nothing found? False: there is no scanner. Raises MessageRefused (infected, no-scan)."""
    if not settings.SCANNER:
        return False
    try:
        answer = _ask(settings.SCANNER, data)
    except (OSError, ValueError) as error:
        logger.exception("the scanner did not answer: %s", type(error).__name__)
        raise _not_now() from error
    if answer.endswith("OK"):
        return True
    if answer.endswith("FOUND"):
        logger.warning("the scanner refused a file")
        raise MessageRefused("infected", _("This file was not sent: the scanner found something harmful in it."))
    logger.error("the scanner answered %r", answer[:80])
    raise _not_now()


def _not_now() -> MessageRefused:
    words = _("Files cannot be checked just now, so this one was not sent. Your words are kept: try again later.")
    return MessageRefused("no-scan", words)


def _ask(address: str, data: bytes) -> str:
    """clamd's INSTREAM: chunks with their length, an empty one at the end."""
    with _connected(address) as line:
        line.sendall(b"zINSTREAM\0")
        for start in range(0, len(data), CHUNK):
            piece = data[start : start + CHUNK]
            line.sendall(struct.pack("!I", len(piece)) + piece)
        line.sendall(struct.pack("!I", 0))
        return _heard(line)


def _connected(address: str) -> socket.socket:
    """clamd://host:port or clamd:///path/of/its/socket."""
    place = urlsplit(address)
    if place.hostname:
        return socket.create_connection((place.hostname, place.port or 3310), timeout=WAIT_S)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(WAIT_S)
    line.connect(place.path)
    return line


def _heard(line: socket.socket) -> str:
    answer = b""
    while b"\0" not in answer and len(answer) < MOST_ANSWER:
        piece = line.recv(1024)
        if not piece:
            break
        answer += piece
    return answer.partition(b"\0")[0].decode(errors="replace").strip()
