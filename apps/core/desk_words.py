"""What stands on the desk is written in the desk's language, also while a patient's own language is in force."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation


@contextmanager
def for_the_desk() -> Iterator[None]:
    """A block, or a whole function (`@for_the_desk()`), that makes words for staff: the titles of alerts above all."""
    with translation.override(settings.LANGUAGE_CODE):
        yield
