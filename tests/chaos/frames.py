"""Frames that no client of ours would send: well-formed ones bent at one place, and plain rubbish. Seeded."""

from __future__ import annotations

import json
import random
from typing import Any

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63 - 1, 2**63, 10**400, 1.5, -0.0, "", " ", "\x00", "\ud800", "null", "x" * 9000,
    "\u202e", "{{7*7}}", "' or 1=1 --", "../../etc/passwd", [], {}, [[]], {"": {}}, ["x"] * 50, {"a": 1}, "0" * 36,
]  # fmt: skip
NAMES = ["chat.send", "chat.read", "alert.take", "visit.admit", "", "chat.send ", "__class__", "x" * 100]
TOPICS = ["thread", "threads", "alerts", "visits", "user", "sessions", "clinic", "t" * 40, ":", "thread:", "visit:x"]
RAW = [
    "", " ", "null", "[]", "1", '"x"', "{", "}", '{"type":1}', '{"type":"ping","type":"pong"}', "NaN", "Infinity", "\ufeff{}",
    '{"type":"ping","heads":NaN}', "[" * 5000 + "]" * 5000, '{"type":' * 1000 + "1" + "}" * 1000, '{"a":"\\u0000"}', "\x00",
]  # fmt: skip


def odd_frame(chance: random.Random, thread: str, foreign: str) -> str | bytes:
    """The next one; thread: one that the client may use, foreign: one that it may not."""
    kind = chance.random()
    if kind < 0.1:
        return chance.randbytes(chance.choice([0, 1, 50, 400]))
    if kind < 0.25:
        return chance.choice(RAW)
    frame = _bent(chance, _valid(chance, chance.choice([thread, thread, foreign])))
    text = json.dumps(frame)
    if kind < 0.4:
        place = chance.randrange(len(text) + 1)
        return (
            text[:place] + chance.choice(["", '"', "}", "\\", "\x00", ","]) + text[place + chance.choice([0, 1, 3]) :]
        )
    return text


def _valid(chance: random.Random, thread: str) -> dict[str, Any]:
    topic = chance.choice([f"thread:{thread}", f"visit:{thread}", f"alert:{thread}", *TOPICS])
    key = str(chance.randrange(100))
    return chance.choice(
        [
            {"type": "follow", "topic": topic, "after": chance.randrange(3)},
            {"type": "follow", "topic": topic, "have": {thread: 1}},
            {"type": "unfollow", "topic": topic},
            {"type": "got", "topic": topic, "seq": chance.randrange(5)},
            {"type": "ping", "heads": {topic: chance.randrange(5)}},
            {"type": "relay", "topic": topic, "frame": {"kind": "typing"}},
            {
                "type": "command",
                "name": "chat.send",
                "id": key,
                "thread": thread,
                "client_id": _uuid(chance),
                "body": "x",
            },
            {"type": "command", "name": "chat.read", "id": key, "thread": thread, "seq": chance.randrange(5)},
            {"type": "command", "name": chance.choice(NAMES), "id": key, "thread": thread},
        ]
    )


def _bent(chance: random.Random, frame: dict[str, Any]) -> dict[str, Any]:
    """One or two of its fields hold something else, are missing, or are too many."""
    for _turn in range(chance.choice([0, 1, 1, 1, 2])):
        name = chance.choice(list(frame) or ["type"])
        what = chance.random()
        if what < 0.15:
            frame.pop(name, None)
        elif what < 0.25:
            frame[chance.choice(["id", "v", "user", "membership", "clinic_id", "__proto__"])] = chance.choice(ODD)
        else:
            frame[name] = chance.choice(ODD)
    return frame


def _uuid(chance: random.Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
