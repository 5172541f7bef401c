"""What can go wrong when a rule is published or ended."""

from openforyou.core.errors import Conflict, NotFound


class PolicyNotFound(NotFound):
    """There is no such rule."""

    def __init__(self, public_id: str) -> None:
        super().__init__(f"There is no rule {public_id}.", hint="`openforyou policy list` names them.")


class PolicyEnded(Conflict):
    """It was ended before."""

    code = "policy_ended"

    def __init__(self, name: str) -> None:
        super().__init__(f"The rule “{name}” has ended already.", hint="Nothing to do.")
