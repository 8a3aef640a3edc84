"""Signalling frames: what is refused whole, and what is left out of a good one. And TURN credentials."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sessions.signalling import SDP_BYTES, Paths, clean_candidate, clean_frame, clean_sdp
from apps.sessions.turn import TTL, call_name, ice_configuration, turn_password, turn_user

SEAT, OTHER = str(uuid4()), str(uuid4())
SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
HOST = "candidate:1 1 udp 2122260223 192.168.1.20 54321 typ host generation 0 ufrag abcd network-cost 999"


def offer(sdp: object = SDP, **more: object) -> dict[str, Any]:
    return {"kind": "description", "seat": SEAT, "to": OTHER, "description": {"type": "offer", "sdp": sdp}} | more


def test_where_calls_are_relayed_no_other_address_is_handed_on() -> None:
    relay = "candidate:1 1 udp 41885439 203.0.113.9 51000 typ relay raddr 198.51.100.7 rport 40000 generation 0"
    heard = clean_frame(candidates(HOST, relay), Paths(relayed=True))
    assert heard is not None
    assert [one["candidate"] for one in heard["candidates"]] == [
        relay.replace("raddr 198.51.100.7 rport 40000", "raddr 0.0.0.0 rport 0")
    ]
    sdp = clean_sdp(SDP + f"a={HOST}\r\na={relay}\r\n", Paths(relayed=True)) or ""
    assert "typ relay" in sdp
    assert "typ host" not in sdp


def candidates(*texts: object) -> dict[str, Any]:
    return {
        "kind": "candidates",
        "seat": SEAT,
        "candidates": [{"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0} for text in texts],
    }


def test_a_good_offer_goes_through_unchanged_and_without_unknown_fields() -> None:
    cleaned = clean_frame(offer(evil="x", html="<b>"))
    assert cleaned == offer()


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"kind": "hello"},
        {"kind": "hello", "seat": "not-a-uuid"},
        {"kind": ["hello"], "seat": SEAT},
        {"kind": "anything", "seat": SEAT},
        offer(sdp=None),
        offer(sdp="x" * (SDP_BYTES + 1)),
        offer(sdp=SDP + "a=mid:1\r\n" * 3000),
        offer(sdp="hello"),
        offer(sdp="v=0\r\ns=-\r\n"),
        offer(description={"type": "rollback", "sdp": SDP}),
        offer(description=[1]),
        {"kind": "candidates", "seat": SEAT, "candidates": []},
        {"kind": "candidates", "seat": SEAT, "candidates": "x"},
        candidates(*[HOST] * 21),
    ],
)
def test_a_frame_out_of_shape_is_refused(frame: dict[str, Any]) -> None:
    assert clean_frame(frame) is None


def test_unknown_lines_and_attributes_of_an_sdp_are_left_out() -> None:
    dirty = (
        SDP + "x=evil\r\na=evil:1\r\na=mid:0\x07\r\nnonsense\r\na=candidate:1 1 udp 1 169.254.169.254 80 typ host\r\n"
    )
    assert clean_sdp(dirty) == SDP


def test_a_bare_line_end_cannot_smuggle_a_line_in() -> None:
    assert clean_sdp("v=0\rm=audio 9 UDP/TLS/RTP/SAVPF 111\nx=evil") == "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"


@pytest.mark.parametrize(
    "address", ["192.168.1.20", "8.8.8.8", "2001:4860:4860::8888", "0b5e7a2c-6a1d-4f0e-9d3c-1a2b3c4d5e6f.local"]
)
def test_addresses_of_peers_are_passed_on(address: str) -> None:
    text = HOST.replace("192.168.1.20", address)
    assert clean_candidate(text) == text


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "100.100.100.200",
        "169.254.1.1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "127.0.0.1",
        "::1",
        "evil.example",
        "0x7f.1",
    ],
)
def test_addresses_that_no_browser_should_call_are_left_out(address: str) -> None:
    assert clean_candidate(HOST.replace("192.168.1.20", address)) is None


def test_loopback_is_a_peer_only_where_it_was_said() -> None:
    text = HOST.replace("192.168.1.20", "127.0.0.1")
    assert clean_candidate(text, Paths(loopback=True)) == text


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "candidate:",
        HOST + "\r\na=evil",
        HOST.replace("54321", "99999"),
        HOST.replace("udp", "smtp"),
        "x" * 5000,
    ],
)
def test_what_is_no_candidate_is_left_out(text: object) -> None:
    cleaned = clean_frame(candidates(text, HOST))
    assert cleaned is not None
    assert [one["candidate"] for one in cleaned["candidates"]] == [HOST]


def test_unknown_extensions_of_a_candidate_are_left_out_and_the_end_is_kept() -> None:
    assert clean_candidate(HOST + " evil 1 raddr 10.0.0.1") == HOST + " raddr 10.0.0.1"
    cleaned = clean_frame(candidates(""))
    assert cleaned is not None
    assert cleaned["candidates"][0]["candidate"] == ""


@given(
    st.dictionaries(st.text(max_size=12), st.recursive(st.none() | st.booleans() | st.text() | st.integers(), st.lists))
)
def test_any_frame_is_cleaned_or_refused_without_an_error(frame: dict[str, Any]) -> None:
    for kind in ("description", "candidates", "media", "hello"):
        cleaned = clean_frame({**frame, "kind": kind, "seat": SEAT, "description": frame, "candidates": [frame]})
        assert cleaned is None or cleaned["seat"] == SEAT


NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def configuration(**more: Any) -> dict[str, Any]:
    given = {
        "stun_urls": ["stun:stun.example"],
        "turn_urls": ["turn:turn.example"],
        "secret": "secret",
        "name": "name",
        "now": NOW,
        "relay_only": True,
    }
    return ice_configuration(**(given | more))


def test_turn_credentials_are_what_the_server_computes_and_hold_an_hour() -> None:
    stun, turn = configuration()["iceServers"]
    expiry = int((NOW + timedelta(hours=1)).timestamp())
    assert turn["username"] == f"{expiry}:name"
    expected = base64.b64encode(hmac.new(b"secret", turn["username"].encode(), hashlib.sha1).digest()).decode()
    assert turn["credential"] == expected
    assert stun == {"urls": ["stun:stun.example"]}
    assert timedelta(hours=1) >= TTL


def test_another_person_call_or_hour_has_other_credentials() -> None:
    visit, user = uuid4(), uuid4()
    names = {call_name(visit, user), call_name(visit, uuid4()), call_name(uuid4(), user)}
    assert len(names) == 3
    assert turn_password("secret", turn_user(NOW, "a")) != turn_password("secret", turn_user(NOW + TTL, "a"))
    assert str(user) not in call_name(visit, user)


@pytest.mark.parametrize("missing", [{"turn_urls": []}, {"secret": ""}])
def test_without_turn_nothing_is_relayed_only(missing: dict[str, Any]) -> None:
    found = configuration(**missing)
    assert found["iceTransportPolicy"] == "all"
    assert all("credential" not in server for server in found["iceServers"])


def test_with_turn_the_clinic_decides_whether_addresses_are_hidden() -> None:
    assert configuration()["iceTransportPolicy"] == "relay"
    assert configuration(relay_only=False)["iceTransportPolicy"] == "all"
