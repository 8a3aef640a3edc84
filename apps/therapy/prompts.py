"""Questions that help to make something of a session, in own words, by the hours since the dose. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """from_hours, to_hours: since the dose."""

    key: str
    from_hours: int
    to_hours: int


#: In the order in which they are offered; the words are in forms.PROMPT_WORDS.
PROMPTS = (
    Prompt("stayed", 4, 72),
    Prompt("felt", 4, 72),
    Prompt("different", 24, 72),
    Prompt("small-step", 24, 96),
    Prompt("tell", 24, 168),
)
KEYS = frozenset(prompt.key for prompt in PROMPTS)


def offered(hours: float | None) -> tuple[str, ...]:
    """Keys that fit so many hours after a dose; none without one."""
    if hours is None:
        return ()
    return tuple(prompt.key for prompt in PROMPTS if prompt.from_hours <= hours <= prompt.to_hours)
