"""Refusals: what a rule says no to, in the user's language."""


class Refused(Exception):
    """Say no to bad input or to something a rule forbids.

    ``message`` is a sentence in the user's language; ``field`` names the form field it belongs beside, or None for the form as a whole.
    """

    def __init__(self, message: object, field: str | None = None) -> None:
        super().__init__(str(message))
        self.message = str(message)
        self.field = field


class NotFound(Exception):
    """Report a row that does not exist for this account (spec §1: a row out of scope answers 404)."""


class Forbidden(Exception):
    """Report a missing permission key; ``key`` is its name in the table (spec §1: a missing key answers 403)."""

    def __init__(self, key: str | None = None) -> None:
        super().__init__(key or "")
        self.key = key


class ReadOnly(Exception):
    """Report a change tried by a parent that only looks at the panel as one of its Managers."""


class Unproven(Exception):
    """Report a sensitive act of somebody who has not proven lately who it is (spec §11.12); ``sentence`` says what was wrong with a try."""

    def __init__(self, sentence: object = "") -> None:
        super().__init__(str(sentence))
        self.sentence = str(sentence)


class Unauthenticated(Exception):
    """Report a program that came without an API key, or with one that opens nothing."""


class Conflict(Refused):
    """Say no to what contradicts something that is there already; ``about`` names it for programs."""

    def __init__(self, message: object, field: str | None = None, about: dict[str, object] | None = None) -> None:
        super().__init__(message, field)
        self.about = about
