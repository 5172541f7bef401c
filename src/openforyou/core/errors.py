"""Every error that OpenForYou raises on purpose.

    OpenForYouError
    ├── BadInput            the caller sent something that cannot be used; names the file or field
    │   ├── TooLarge        … because it is over a stated limit
    │   └── BadMedia        … because it is not a playable clip
    ├── NotSignedIn         nobody is signed in, and somebody must be
    ├── NotAllowed          somebody is, but may not
    ├── NotFound            absent, or hidden from this caller: the two read the same
    ├── Conflict            true a moment ago, no longer; read again and retry
    ├── TooMany             over a rate limit; carries when to come back
    └── Unavailable         a part that is needed does not answer; the same call may work later

Each carries `message` (what is wrong, naming the thing) and `hint` (what to do next). The web turns them
into problem responses and the command line into one line and an exit code; neither adds knowledge.
"""

from __future__ import annotations


class OpenForYouError(Exception):
    """Base of the tree. `code` is stable and machine-readable; `hint` says what to do next."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field

    def __str__(self) -> str:
        ends = not self.hint or self.message.endswith((".", "!", "?", ":"))
        return f"{self.message}{'' if ends else '.'} {self.hint}".strip()

    def as_dict(self) -> dict[str, str]:
        """The error as a client reads it: `{"code", "error", "hint"?, "field"?}`."""
        told = {"code": self.code, "error": self.message, "hint": self.hint, "field": self.field}
        return {key: value for key, value in told.items() if value}


class BadInput(OpenForYouError):
    """The caller sent something that cannot be used."""

    code = "bad_input"


class TooLarge(BadInput):
    """Over a stated limit."""

    code = "too_large"


class BadMedia(BadInput):
    """Not a playable clip."""

    code = "bad_media"


class NotSignedIn(OpenForYouError):
    """Nobody is signed in, and somebody must be."""

    code = "not_signed_in"


class NotAllowed(OpenForYouError):
    """Somebody is signed in, but may not do this."""

    code = "not_allowed"


class NotFound(OpenForYouError):
    """Absent, or hidden from this caller."""

    code = "not_found"


class Conflict(OpenForYouError):
    """The state changed under the caller's feet."""

    code = "conflict"


class TooMany(OpenForYouError):
    """Over a rate limit; `retry_after_s` says when to come back."""

    code = "too_many"

    def __init__(self, message: str, *, retry_after_s: int, hint: str = "") -> None:
        super().__init__(message, hint=hint or f"Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class Unavailable(OpenForYouError):
    """A part that is needed does not answer."""

    code = "unavailable"
