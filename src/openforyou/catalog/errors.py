"""What can go wrong in the catalogue."""

from openforyou.core.errors import Conflict, NotAllowed, NotFound


class ItemNotFound(NotFound):
    """No such item, or none that this caller may see."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no item {what}.", hint="It was withdrawn, or the address is mistyped.")


class CreatorNotFound(NotFound):
    """No such creator."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no creator {what}.", hint="Check the handle's spelling.")


class HandleTaken(Conflict):
    """Somebody has the handle already."""

    code = "handle_taken"

    def __init__(self, handle: str) -> None:
        super().__init__(f"@{handle} is taken.", hint="Choose another handle.")


class AlreadyTaken(Conflict):
    """The same file of the same creator is here already; `item_id` says as what."""

    code = "already_here"

    def __init__(self, name: str, item_id: int) -> None:
        super().__init__(f"{name} is here already.", hint="Nothing to do; withdraw the item first to take it in anew.")
        self.item_id = item_id


class LearningRefused(NotAllowed):
    """The content itself came with a refusal, which outweighs a tick."""

    code = "learning_refused"

    def __init__(self) -> None:
        super().__init__(
            "Where this comes from it is said that nothing may be trained on it: the right to learn cannot be given.",
            hint="Only whoever said so can allow it: have them sign it, or their page say it, without that refusal.",
            field="learn",
        )
