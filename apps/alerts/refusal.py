"""Why an alert cannot do what was asked."""

from collections.abc import Mapping


class AlertRefused(Exception):
    """What was asked does not fit: code is a short word, message is for the person. Nothing was changed.

    fields: what is wrong with single fields of the form, by name, in words.
    """

    def __init__(self, code: str, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = dict(fields or {})
