"""What can go wrong with sounds."""

from openforyou.core.errors import BadInput, Conflict, NotAllowed, NotFound


class SoundNotFound(NotFound):
    """No such sound."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no sound {what}.", hint="Look for it in the library, at /sounds.", field="sound")


class SoundNotAllowed(NotAllowed):
    """A creator may not use a sound."""

    code = "sound_not_allowed"

    def __init__(self, title: str, owner: str) -> None:
        super().__init__(
            f"You have no right to use “{title}” by {owner}.",
            hint="Choose another sound, or ask its owner for the right.",
            field="sound",
        )


class SoundKnown(Conflict):
    """What somebody registers is, or contains, a work that is registered already."""

    code = "sound_known"

    def __init__(self, title: str, owner: str) -> None:
        super().__init__(
            f"It contains “{title}” by {owner}, which is registered already.",
            hint="Use that one from the library, or have its owner give you the right.",
            field="file",
        )


class NotHeld(Conflict):
    """An item whose sound cannot be changed where it stands."""

    code = "sound_fixed"

    def __init__(self, status: str) -> None:
        super().__init__(f"Its sound cannot be changed: the item is {status}.", hint="Upload it again.", field="item")


class NotASound(BadInput):
    """A file that cannot be read as sound."""

    code = "bad_sound"

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} {why}.", hint="Hand in an M4A, MP3, WAV, FLAC, Ogg or MP4 file.", field="file")
