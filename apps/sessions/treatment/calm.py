"""Exercises that ship, and what a sound file is. Pure.

A clinic writes its own beside them or switches them off. Nothing here is a treatment: breathing slowly with a long way out
calms most people, and looking at the room brings back whoever feels far away.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_MEGABYTES = 20
_HEADS = (
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of breathing; None: an exercise without a pace, whose steps come one after the other."""

    breathe_in: int | None = None
    hold: int = 0
    breathe_out: int | None = None
    minutes: int = 3


#: In the order in which they are offered; their words are in apps/sessions/calm_words.py.
SHIPPED = {"slow-breath": Pace(4, 0, 6), "look-around": Pace(), "body": Pace(minutes=5)}


def media_type_of(data: bytes) -> str | None:
    """By what the file holds, never by its name; None: no sound that browsers play."""
    for head, kind in _HEADS:
        if data.startswith(head):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "audio/wav"
    return "audio/mp4" if data[4:8] == b"ftyp" else None


def byte_range(asked: str, size: int) -> tuple[int, int] | None:
    """First and last byte of `bytes=a-b`, as a browser asks when somebody jumps; None: not to be had.

    >>> byte_range("bytes=0-", 10), byte_range("bytes=-3", 10), byte_range("bytes=2-4", 10), byte_range("bytes=10-", 10)
    ((0, 9), (7, 9), (2, 4), None)
    """
    unit, _equals, span = asked.partition("=")
    first, dash, last = span.partition("-")
    plain = all(part == "" or (part.isascii() and part.isdecimal() and len(part) < 16) for part in (first, last))
    if unit.strip() != "bytes" or not dash or not plain or not (first or last):
        return None
    begin = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    return (begin, end) if begin <= end else None
