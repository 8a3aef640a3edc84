"""Why a visit or a treatment cannot do what was asked."""


class VisitRefused(Exception):
    """What was asked does not fit: code is a short word, message is for the person. Nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class TreatmentRefused(Exception):
    """What was asked of a treatment does not fit. missing: codes of everything that stands against it."""

    def __init__(self, code: str, message: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.missing = missing
