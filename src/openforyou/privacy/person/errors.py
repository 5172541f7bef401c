"""What can be wrong with asking for one's own data."""

from __future__ import annotations

from openforyou.core.errors import BadInput, NotFound, OpenForYouError


class Unmapped(OpenForYouError):
    """A table of which nobody said whose rows it holds: nothing is exported or erased by half."""

    code = "unmapped"

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"Of {', '.join(names)} nobody said whose rows they are.",
            hint="Name each in privacy/person/places.py; nothing was exported or erased.",
        )


class NotConfirmed(BadInput):
    """It was not said plainly that it is meant."""

    code = "not_confirmed"

    def __init__(self, word: str) -> None:
        super().__init__("This cannot be undone.", hint=f"Send `confirm` with the word {word}.", field="confirm")


class ErasureNotFound(NotFound):
    """No erasure of that id."""

    code = "erasure_not_found"

    def __init__(self) -> None:
        super().__init__("There is no erasure with this id.", hint="It stands on the receipt that you were given.")
