"""A day in words: a page of years says the same thousand days again and again, so each is put into words once."""

from datetime import date
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.translation import get_language

KEPT = 8192  # days, patterns and languages together


def in_words(day: date, pattern: str) -> str:
    """The day by Django's date pattern ("j M"), in the language in force."""
    return _in_words(date(day.year, day.month, day.day), pattern, get_language())


@lru_cache(KEPT)
def _in_words(day: date, pattern: str, _language: str | None) -> str:
    return date_format(day, pattern)
