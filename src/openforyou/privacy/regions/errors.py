"""What can keep a move, or its certificate, from being made."""

from openforyou.core.errors import BadInput, Conflict, NotAllowed


class BadMove(BadInput):
    """The move cannot be made as it was asked for."""

    code = "bad_move"


class Unequal(Conflict):
    """The inventories of before and after differ: nothing is destroyed and nothing certified."""

    code = "unequal_inventories"


class InService(Conflict):
    """A move and a platform in service exclude each other."""

    code = "in_service"


class NotYet(Conflict):
    """A step is asked for before the one that it stands on."""

    code = "not_yet"


class Leftovers(Conflict):
    """Old bytes were found after the move: there is no certificate."""

    code = "leftovers"


class NoQuorum(NotAllowed):
    """Too few administrators of access, or others, signed that a region's keys be destroyed."""

    code = "no_quorum"


class BadCertificate(BadInput):
    """A certificate was not made by who it says, or says what none can say."""

    code = "bad_certificate"
