"""What can go wrong when a feed is asked."""

from openforyou.core.errors import NotFound


class SlateNotFound(NotFound):
    """No such slate of this viewer, or the item did not stand in it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"There is no record of {what}.",
            hint="Ask about a clip of your own feed, some moments after it was served.",
        )
