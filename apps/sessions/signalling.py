"""Frames of call signalling, checked and cleaned before they are passed on. Pure: nothing here knows who sends.

A frame that is out of shape is refused whole; inside a good one, unknown fields, unknown SDP lines and attributes,
and network candidates that no peer should be sent to are left out.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

Frame = dict[str, Any]

SDP_BYTES: Final = 16 * 1024
CANDIDATES: Final = 20  # in one frame
_LINE = re.compile(r"[vosiuepcbtrzkam]=[\x20-\x7e]{0,1000}")
_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{1,256}")
_MDNS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.local")
_CANDIDATE = re.compile(
    r"candidate:(?P<foundation>[A-Za-z0-9+/]{1,32}) (?P<component>[12]) (?P<transport>udp|tcp) "
    r"(?P<priority>\d{1,10}) (?P<address>[0-9A-Za-z.:-]{2,64}) (?P<port>\d{1,5}) "
    r"typ (?P<type>host|srflx|prflx|relay)(?P<more>( [\x21-\x7e]{1,256} [\x21-\x7e]{1,256})*)",
    re.IGNORECASE,
)
_EXTENSIONS = frozenset({"raddr", "rport", "tcptype", "generation", "ufrag", "network-id", "network-cost"})
_BEHIND_A_RELAY = {"raddr": "0.0.0.0", "rport": "0"}  # noqa: S104  (an address that says nothing)
_METADATA = frozenset({ipaddress.ip_address(text) for text in ("169.254.169.254", "100.100.100.200", "fd00:ec2::254")})
_ATTRIBUTE = re.compile(
    r"a=(group|msid-semantic|extmap-allow-mixed|rtcp|ice-ufrag|ice-pwd|ice-options|ice-lite|fingerprint|setup|mid|extmap"
    r"|sendrecv|sendonly|recvonly|inactive|msid|rtcp-mux|rtcp-mux-only|rtcp-rsize|rtpmap|rtcp-fb|fmtp|ssrc|ssrc-group"
    r"|end-of-candidates|sctp-port|max-message-size|rid|simulcast|bundle-only|ptime|maxptime)(:.*)?"
)


@dataclass(frozen=True, slots=True)
class Paths:
    """Which network paths may be named. loopback: 127.0.0.1 (tests and the demo on one machine). relayed: relays alone,
    and nothing of the address behind one.
    """

    loopback: bool = False
    relayed: bool = False


def clean_frame(frame: Mapping[str, object], paths: Paths = Paths()) -> Frame | None:
    """The frame as it may be passed on, or None.

    {"kind": "hello"|"bye", "seat"}, {"kind": "description", "seat", "to", "description": {"type", "sdp"}},
    {"kind": "candidates", "seat", "to", "candidates": [...]}, {"kind": "media", "seat", "audio", "video", "lowered"}.
    seat and to are uuids: the page that speaks and the page that is meant.
    """
    kind, seat = frame.get("kind"), _uuid(frame.get("seat"))
    cleaner = _KINDS.get(kind) if isinstance(kind, str) else None
    if cleaner is None or seat is None:
        return None
    body = cleaner(frame, paths)
    to = _uuid(frame.get("to"))
    address = {"to": to} if to else {}
    return None if body is None else {"kind": kind, "seat": seat, **address, **body}


def _hello(_frame: Mapping[str, object], _paths: Paths) -> Frame:
    return {}


def _media(frame: Mapping[str, object], _paths: Paths) -> Frame:
    return {name: frame.get(name) is True for name in ("audio", "video", "lowered")}


def _description(frame: Mapping[str, object], paths: Paths) -> Frame | None:
    description = frame.get("description")
    if not isinstance(description, Mapping) or description.get("type") not in ("offer", "answer"):
        return None
    sdp = clean_sdp(description.get("sdp"), paths)
    return None if sdp is None else {"description": {"type": description["type"], "sdp": sdp}}


def _candidates(frame: Mapping[str, object], paths: Paths) -> Frame | None:
    given = frame.get("candidates")
    if not isinstance(given, list) or not 0 < len(given) <= CANDIDATES:
        return None
    cleaned = [_candidate_object(one, paths) for one in given]
    return {"candidates": [one for one in cleaned if one is not None]}


_KINDS: dict[str, Callable[[Mapping[str, object], Paths], Frame | None]] = {
    "hello": _hello,
    "bye": _hello,
    "media": _media,
    "description": _description,
    "candidates": _candidates,
}


def clean_sdp(sdp: object, paths: Paths = Paths()) -> str | None:
    """A session description with known lines only, each ended by CRLF; None when it is none or over 16 KiB."""
    if not isinstance(sdp, str) or len(sdp.encode(errors="replace")) > SDP_BYTES:
        return None
    lines = [_clean_line(line, paths) for line in re.split(r"\r\n|\n|\r", sdp)]
    kept = [line for line in lines if line]
    if not kept or kept[0] != "v=0" or not any(line.startswith("m=") for line in kept):
        return None
    return "".join(f"{line}\r\n" for line in kept)


def _clean_line(line: str, paths: Paths) -> str:
    if not _LINE.fullmatch(line):
        return ""
    if not line.startswith("a="):
        return line
    if line.startswith("a=candidate:"):
        candidate = clean_candidate(line[2:], paths)
        return f"a={candidate}" if candidate else ""
    return line if _ATTRIBUTE.fullmatch(line) else ""


def _candidate_object(given: object, paths: Paths) -> Frame | None:
    if not isinstance(given, Mapping):
        return None
    text = given.get("candidate")
    candidate = "" if text == "" else clean_candidate(text, paths)
    if candidate is None:
        return None
    mid, line, fragment = given.get("sdpMid"), given.get("sdpMLineIndex"), given.get("usernameFragment")
    return {
        "candidate": candidate,
        "sdpMid": mid if isinstance(mid, str) and _TOKEN.fullmatch(mid) else None,
        "sdpMLineIndex": line if type(line) is int and 0 <= line < CANDIDATES else None,
        "usernameFragment": fragment if isinstance(fragment, str) and _TOKEN.fullmatch(fragment) else None,
    }


def clean_candidate(text: object, paths: Paths = Paths()) -> str | None:
    """A candidate line with known extensions only; None when it is none, or names an address nobody should call."""
    found = _CANDIDATE.fullmatch(text) if isinstance(text, str) else None
    if found is None or int(found["port"]) > 65535 or not _may_be_called(found["address"], paths.loopback):
        return None
    if paths.relayed and found["type"].lower() != "relay":
        return None
    words = found["more"].split()
    pairs = [(name, value) for name, value in zip(words[::2], words[1::2], strict=True) if name in _EXTENSIONS]
    hidden = _BEHIND_A_RELAY if paths.relayed else {}
    known = [f" {name} {hidden.get(name, value)}" for name, value in pairs]
    return found[0][: len(found[0]) - len(found["more"])] + "".join(known)


def _may_be_called(address: str, loopback: bool) -> bool:
    """A name that browsers hide behind, or an address that is no trap: metadata, link-local, multicast."""
    if _MDNS.fullmatch(address):
        return True
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped is not None:
        ip = mapped
    if ip.is_loopback:
        return loopback
    return not (ip in _METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved)


def _uuid(value: object) -> str | None:
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None
