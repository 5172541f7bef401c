"""What can go wrong with what is sealed. Each says what to do, and none shows what was inside.

All are made of a message alone, so that they can be made again from what the broker answered.
"""

from openforyou.core.errors import BadInput, Conflict, NotAllowed, NotFound, Unavailable


class BrokerUnavailable(Unavailable):
    """Whoever keeps the keys gave no answer that can be used. Nothing was opened; the same call may work later."""

    code = "broker_unavailable"

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message, hint=hint or "Try again in a minute; the operator looks at the broker.", field=field)


class Destroyed(NotFound):
    """The person's key was destroyed: what was sealed under it opens for nobody any more."""

    code = "key_destroyed"


class Unopened(NotAllowed):
    """The seal does not open: it was altered, or belongs to another person, field or region."""

    code = "seal_unopened"


class WrongRegion(NotAllowed):
    """The person's key is kept in another region."""

    code = "wrong_region"


class RegionEnded(Conflict):
    """The region's keys were destroyed by quorum: nothing that was sealed there opens any more."""

    code = "region_ended"


class BadKeyFile(BadInput):
    """A file with a key is missing, damaged, or another's; no new one is made in its place."""

    code = "bad_key_file"


class OldKeystore(Conflict):
    """The keystore is older than the folder that it lies in says: keys are missing from it."""

    code = "old_keystore"


class SecretHeld(Conflict):
    """A viewer has another event secret already, and marks in the log under it."""

    code = "secret_held"
