"""How an import can fail. Each says what to do next.

BadInput
├── BadArchive         cannot be read as an archive, or is built to do harm
└── UnknownArchive     can be read, but is no export that is known
NotAllowed
├── NotYours           of an account that is not the one proven
└── Unproven           rights were asked for, and nothing proves whose it is
NotFound
└── NoSuchImport
"""

from __future__ import annotations

from openforyou.core.errors import BadInput, NotAllowed, NotFound
from openforyou.ingest.errors import shown


class BadArchive(BadInput):
    """Damaged, hostile, or no archive at all."""

    code = "bad_archive"

    def __init__(self, name: str, why: str, hint: str = "Ask for the export again, and hand it in unchanged.") -> None:
        super().__init__(f"{shown(name)} {why}.", hint=hint, field="file")


class UnknownArchive(BadInput):
    """No importer recognises it."""

    code = "unknown_archive"

    def __init__(self, name: str, known: str) -> None:
        super().__init__(
            f"{shown(name)} is no export that is known here.",
            hint=f"Known are {known}. Choose JSON where a platform lets you choose, and hand the file in as it came.",
            field="file",
        )


class NotYours(NotAllowed):
    """An archive of somebody else."""

    code = "not_yours"

    def __init__(self, owner: str, why: str) -> None:
        super().__init__(
            f"This is the archive of {shown(owner)}, and {why}.",
            hint="Hand in the archive of your own account; if it is yours, prove that account first.",
        )


class Unproven(NotAllowed):
    """No right can be given to what nobody proved to own."""

    code = "unproven"

    def __init__(self, why: str) -> None:
        super().__init__(f"The rights to show, recommend and learn cannot be given: {why}.", hint=HOW_TO_PROVE)


class NoSuchImport(NotFound):
    """None of one's own by that id."""

    def __init__(self) -> None:
        super().__init__("There is no such import.", hint="It is finished and forgotten, or the address is mistyped.")


HOW_TO_PROVE = "Prove the account it comes from under your accounts elsewhere; until then it stays private to you."
