"""Why an alert cannot do what was asked."""


class AlertRefused(Exception):
    """What was asked does not fit: code is a short word, message is for the person. Nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
