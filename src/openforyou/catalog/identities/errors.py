"""What can go wrong when somebody proves an account.

BadInput
├── NotProven            it was looked at, and what should be there is not; says what is there instead
│   └── NowAnothers      the name belongs to somebody else now
└── ChallengeExpired
NotFound
├── ChallengeNotFound    absent, or somebody else's
└── ProofNotFound
Conflict
└── IdentityTaken        another creator has proven it
"""

from __future__ import annotations

from openforyou.core.errors import BadInput, Conflict, NotFound

BEGIN_ANEW = "Begin anew: you get a new code."


class NotProven(BadInput):
    """It was looked at, and what should be there is not. `url` and `sha256` say what was read."""

    code = "not_proven"

    def __init__(self, message: str, *, hint: str = "", url: str = "", sha256: str = "") -> None:
        super().__init__(message, hint=hint or "Put it there, wait until it can be seen, and check again.")
        self.url = url
        self.sha256 = sha256


class NowAnothers(NotProven):
    """The name leads to another account than the one that was proven."""

    code = "now_anothers"


class ChallengeExpired(BadInput):
    """Too late, or tried too often."""

    code = "challenge_expired"


class ChallengeNotFound(NotFound):
    """No such challenge, or somebody else's."""

    def __init__(self) -> None:
        super().__init__("There is no such challenge of yours.", hint=BEGIN_ANEW, field="challenge")


class ProofNotFound(NotFound):
    """No such proof, or somebody else's."""

    def __init__(self) -> None:
        super().__init__("There is no such proven account of yours.", hint="Look at your list again.", field="identity")


class IdentityTaken(Conflict):
    """Another creator has proven it; a later proof does not take it away."""

    code = "identity_taken"

    def __init__(self, what: str, handle: str) -> None:
        super().__init__(
            f"{what} is already proven by @{handle}.",
            hint="If it is yours, take their code or link off it: the proof is looked at again and lapses. "
            "Or dispute it with the operator, who sees the evidence of both.",
        )
        self.handle = handle
