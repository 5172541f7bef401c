"""What can be said no to, in words that help.

    OpenForYouError
    ├── BadInput
    │   ├── BadAct          an act that cannot be read, is not signed by who it names, or is for another broker
    │   └── NotAsked        what no interface takes: a second person, a place, a time, a field outside the purpose
    ├── NotAllowed
    │   ├── WrongDuty       their duties do not include this
    │   ├── SameHand        oneself, or somebody who is in one's debt
    │   ├── Blocked         an emergency of theirs waits for its review
    │   └── NotOpen         no grant that holds now
    ├── NotFound
    │   └── NoSuch          no such request, alarm, proposal or person of the staff
    ├── Conflict
    │   ├── Replayed        that act was done before
    │   ├── NotNow          the request does not stand where this step begins
    │   └── Closed          entries and log do not agree: no access until administrators settle it
    └── Unavailable
        └── NotDurable      the log does not hold the record in time: nothing was opened
"""

from __future__ import annotations

from openforyou.core.errors import BadInput, Conflict, NotAllowed, NotFound, Unavailable


class BadAct(BadInput):
    """An act that counts for nothing."""

    code = "bad_act"


class NotAsked(BadInput):
    """A question that cannot be put here."""

    code = "cannot_be_asked"


class WrongDuty(NotAllowed):
    """Not among their duties."""

    code = "wrong_duty"


class SameHand(NotAllowed):
    """Two words are needed, and these two are not two."""

    code = "same_hand"


class Blocked(NotAllowed):
    """Something of theirs waits for a review."""

    code = "blocked"


class NotOpen(NotAllowed):
    """There is no grant, or it holds no more."""

    code = "not_open"


class ElsewhereAtHome(NotAllowed):
    """Another region's broker has the key, or nobody has it any more."""

    code = "no_key_here"

    def __init__(self) -> None:
        super().__init__(
            "This broker has no key of that person.",
            hint="They live in another region, whose staff ask its own broker; or they were forgotten.",
        )


class NoSuch(NotFound):
    """Not there."""

    code = "no_such_access"


class Replayed(Conflict):
    """An act counts once."""

    code = "replayed"

    def __init__(self) -> None:
        super().__init__("That act was done before.", hint="Sign it anew: each act counts once.")


class NotNow(Conflict):
    """The request does not stand where this step begins."""

    code = "not_now"


class Closed(Conflict):
    """No access by staff until it is settled."""

    code = "access_closed"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"Access by staff is closed: {why}",
            hint="Nothing was opened. Two administrators settle it: `openforyou access settle`, once they know why.",
        )


class NotDurable(Unavailable):
    """The public log does not hold the record in time."""

    code = "not_durable"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The public log does not hold the record of this access yet: {why.rstrip('.')}.",
            hint="Nothing was opened. Ask again once the log goes on; the grant stands.",
        )
