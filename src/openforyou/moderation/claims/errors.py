"""What can go wrong with a claim."""

from openforyou.core.errors import BadInput, Conflict, NotAllowed, NotFound


class ClaimNotFound(NotFound):
    """There is none, or it is none of this caller's."""

    def __init__(self, public_id: str) -> None:
        super().__init__(f"There is no claim {public_id}.", hint="Your claims stand under Claims.")


class ClaimStands(Conflict):
    """The same is claimed already; `public_id` says where."""

    code = "claim_stands"

    def __init__(self, public_id: str) -> None:
        super().__init__("You have claimed that already.", hint=f"Follow it as claim {public_id}.")
        self.public_id = public_id


class NotNow(Conflict):
    """The claim is not where this step could follow."""

    code = "not_now"


class SamePerson(NotAllowed):
    """Whoever decided first may not decide the appeal."""

    def __init__(self, by: str) -> None:
        super().__init__(
            f"{by} decided this claim, and an appeal is decided by somebody else.", hint="Let another person decide."
        )


class NothingToClaim(BadInput):
    """What is claimed cannot be: it is one's own, or is not there."""
