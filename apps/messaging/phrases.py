"""Phrases that staff should see at once. Pure; a hit is a hint for a person, never a judgement.

The list is plain and explainable: the phrase that was found is shown beside the message. English only; a clinic
that writes in another language has no hints, and is told so (docs/safety.md).
"""

import re
from dataclasses import dataclass

# Own wording. Each is matched as whole words, with any white space between them.
PHRASES = (
    "kill myself",
    "killing myself",
    "end my life",
    "ending my life",
    "end it all",
    "take my own life",
    "taking my own life",
    "want to die",
    "wish i was dead",
    "wish i were dead",
    "better off dead",
    "better off without me",
    "no reason to live",
    "do not want to live",
    "don't want to live",
    "dont want to live",
    "do not want to be here anymore",
    "don't want to be here anymore",
    "suicide",
    "suicidal",
    "hurt myself",
    "hurting myself",
    "harm myself",
    "harming myself",
    "cut myself",
    "cutting myself",
    "overdose",
    "overdosed",
    "took too many pills",
    "not safe",
)


@dataclass(frozen=True)
class PhraseHit:
    """Where a phrase stands in the text: start and end as character offsets."""

    phrase: str
    start: int
    end: int


def _pattern(phrase: str) -> str:
    return r"\s+".join(re.escape(word) for word in phrase.split())


_EVERY = re.compile(r"(?<!\w)(?:" + "|".join(sorted(map(_pattern, PHRASES), key=len, reverse=True)) + r")(?!\w)")


def find_phrases(text: str) -> list[PhraseHit]:
    """Every phrase of danger in the text, in order; typographic apostrophes and case make no difference."""
    plain = text.replace("\u2019", "'").replace("\u02bc", "'").lower()
    if len(plain) != len(text):  # a few letters change their length in lower case: offsets would lie
        return [PhraseHit(" ".join(m.group().split()), 0, 0) for m in _EVERY.finditer(plain)]
    return [PhraseHit(" ".join(m.group().split()), m.start(), m.end()) for m in _EVERY.finditer(plain)]
