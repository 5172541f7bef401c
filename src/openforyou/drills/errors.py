"""How an attack ends badly: for the platform, or for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def refusal(what: Callable[..., Any], *arguments: Any, **named: Any) -> OpenForYouError | None:
    """How the platform refuses a call; None: it did not."""
    try:
        what(*arguments, **named)
    except OpenForYouError as error:
        return error
    return None
