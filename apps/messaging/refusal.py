"""Why something about a message is not done, in words for the person."""


class MessageRefused(Exception):
    """What was asked does not fit: code is a short word, message is for the person. Nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
