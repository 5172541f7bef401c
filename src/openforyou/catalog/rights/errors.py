"""Why a word about rights is not taken, or what was said cannot be shown."""

from openforyou.core.errors import BadInput, Conflict, NotAllowed


class BadRight(BadInput):
    """Nobody can say that."""

    code = "bad_right"

    def __init__(self, field: str, message: str, hint: str) -> None:
        super().__init__(message, hint=hint, field=field)


class RightRefused(NotAllowed):
    """Somebody whose word counts more said no."""

    code = "right_refused"


class NotAtSize(Conflict):
    """No checkpoint was published at that size."""

    code = "not_at_size"
