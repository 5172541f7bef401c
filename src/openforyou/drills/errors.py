"""How an attack ends badly: for the platform, or for itself."""

from openforyou.core.errors import NotFound, OpenForYouError


class Unnoticed(OpenForYouError):
    """The attack succeeded, and nothing told of it."""

    code = "unnoticed"


class Broken(OpenForYouError):
    """The attack did not do what it meant to do, so nothing is known of what would have come of it."""

    code = "broken_attack"


class NoSuchDrill(NotFound):
    """There is no drill of that name."""

    code = "no_such_drill"
