"""A visit as an iCalendar file (RFC 5545). Pure; it says when and where to join, nothing about why."""

from datetime import UTC, datetime

LINE_OCTETS = 75


def calendar_file(
    *,
    uid: str,
    starts_at: datetime,
    ends_at: datetime,
    made_at: datetime,
    title: str,
    link: str,
    sequence: int = 0,
    cancelled: bool = False,
) -> str:
    """The file's text, lines ended by CRLF and folded at 75 octets. sequence: rises with each change of the visit."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Telek//Visits//EN",
        f"METHOD:{'CANCEL' if cancelled else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"SEQUENCE:{sequence}",
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        f"DTSTAMP:{_utc(made_at)}",
        f"DTSTART:{_utc(starts_at)}",
        f"DTEND:{_utc(ends_at)}",
        f"SUMMARY:{_text(title)}",
        f"URL:{link}",
        f"DESCRIPTION:{_text(link)}",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    """Escaped as the standard asks; line ends become its own."""
    escaped = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> str:
    """At most 75 octets a line, never inside a character; what follows begins with a space."""
    folded, length = [], 0
    for letter in line:
        size = len(letter.encode())
        if length + size > LINE_OCTETS:
            folded.append("\r\n ")
            length = 1
        folded.append(letter)
        length += size
    return "".join(folded)
