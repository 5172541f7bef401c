"""How copy detection fails, and what a creator is told of a copy."""

from __future__ import annotations

from openforyou.core.errors import BadInput, NotFound


class BadPrint(BadInput):
    """A stored print that cannot be read."""

    code = "bad_print"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"A stored print is damaged: {why}.", hint="Restore it from a backup, or ingest the item anew."
        )


class CopyOfAnother(BadInput):
    """Somebody else published this before."""

    code = "copy"

    def __init__(self, what: str) -> None:
        super().__init__(what, hint="If it is yours, dispute this under My clips.", field="file")


class NotHeld(NotFound):
    """Only what is held can be released or refused."""

    def __init__(self, item: str) -> None:
        super().__init__(f"Item {item} is not held.", hint="`openforyou copies list` names those that are.")
