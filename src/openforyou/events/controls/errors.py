"""Why a choice is refused."""

from __future__ import annotations

from openforyou.core.errors import Conflict, NotAllowed
from openforyou.events.controls.types import MUTES_MAX, PAUSES_MAX


class TooManyMutes(Conflict):
    """The list is full."""

    code = "too_many_mutes"

    def __init__(self) -> None:
        super().__init__(
            f"You muted {MUTES_MAX} things, which is the most.", hint="Take one back first, in the settings."
        )


class ProfilingGuarded(NotAllowed):
    """A minor's feed uses nothing of what they do, unless a guardian allows it."""

    code = "profiling_guarded"

    def __init__(self) -> None:
        super().__init__(
            "Your guardian decides whether the feed may use what you do.",
            hint="Send profiling as false, or ask your guardian: Settings, Guardian.",
            field="profiling",
        )


class TooManyPauses(Conflict):
    """Each pause is kept, and read at every feed."""

    code = "too_many_pauses"

    def __init__(self) -> None:
        super().__init__(
            f"You paused your history {PAUSES_MAX} times, which is the most.",
            hint="Begin anew, in the settings: that forgets what was before, the pauses too.",
            field="paused",
        )
