"""What can be said no to, in words that help. Each is made of a message, a hint and a field, so that it travels.

OpenForYouError
├── BadInput
│   ├── BadAct          an act that cannot be read, is not signed by who it names, or is for another broker
│   └── NotAsked        what no interface takes: a second person, a place, a time, a field outside the purpose
├── NotAllowed
│   ├── WrongDuty       their duties do not include this
│   ├── SameHand        oneself, or somebody who is in one's debt
│   ├── ElsewhereAtHome  this broker has no key of that person
│   ├── TooManyTraced   a mark could be guessed by asking often
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

from openforyou.core.errors import BadInput, Conflict, NotAllowed, NotFound, OpenForYouError, Unavailable


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

    @classmethod
    def there(cls) -> ElsewhereAtHome:
        """In words."""
        return cls(
            "This broker has no key of that person.",
            hint="They live in another region, whose staff ask its own broker; or they were forgotten.",
        )


class NoSuch(NotFound):
    """Not there."""

    code = "no_such_access"


class Replayed(Conflict):
    """An act counts once."""

    code = "replayed"

    @classmethod
    def twice(cls) -> Replayed:
        """In words."""
        return cls("That act was done before.", hint="Sign it anew: each act counts once.")


class NotNow(Conflict):
    """The request does not stand where this step begins."""

    code = "not_now"


class Closed(Conflict):
    """No access by staff until it is settled."""

    code = "access_closed"

    @classmethod
    def because(cls, why: str) -> Closed:
        """In words."""
        return cls(
            f"Access by staff is closed: {why.rstrip('.')}.",
            hint="Nothing was opened. Two administrators settle it: `openforyou access settle`, once they know why.",
        )


class TooManyTraced(NotAllowed):
    """Somebody traces more often than leaks turn up."""

    code = "too_many_traced"


class NotDurable(Unavailable):
    """The public log does not hold the record in time."""

    code = "not_durable"

    @classmethod
    def because(cls, why: str) -> NotDurable:
        """In words."""
        return cls(
            f"The public log does not hold the record of this access yet: {why.rstrip('.')}.",
            hint="Nothing was opened. Ask again once the log goes on; the grant stands.",
        )


ERRORS: dict[str, type[OpenForYouError]] = {
    kind.code: kind
    for kind in (
        BadAct,
        NotAsked,
        WrongDuty,
        SameHand,
        Blocked,
        NotOpen,
        ElsewhereAtHome,
        NoSuch,
        Replayed,
        NotNow,
        Closed,
        TooManyTraced,
        NotDurable,
    )
}
"""By code, for whoever asks a broker in another process."""
