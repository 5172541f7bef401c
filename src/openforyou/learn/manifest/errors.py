"""Why a model has no manifest, or none that holds."""

from __future__ import annotations

from openforyou.core.errors import BadInput, Conflict, Unavailable


class BadManifest(BadInput):
    """A manifest, its signature, its leaves or a proof that is not what it must be."""

    code = "bad_manifest"


class NotAllowed(Conflict):
    """Something would be learned from without the right to it. Nothing was signed."""

    code = "no_right_to_learn"


class PastTheDoor(Conflict):
    """Data that did not come through `learn.dataset`."""

    code = "past_the_door"

    def __init__(self) -> None:
        super().__init__(
            "This data did not come through the door: nothing that serves learns from it.",
            hint="Take it from learn.dataset, which holds the rights; files are for evaluation alone.",
        )


class NotInTheLogYet(Unavailable):
    """A manifest waits for the log."""

    code = "manifest_waits"
