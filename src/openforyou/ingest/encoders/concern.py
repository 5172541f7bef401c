"""Whether an encoder may run on a clip: one that tells who somebody is needs the right of everyone concerned.

Concerned are whoever handed the clip in, for the clip, and everybody who can be seen or heard in it, for themselves.
Where nobody has said who that is, they cannot have agreed, and the answer is no: so it is with every upload.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from openforyou.catalog.types import Right
from openforyou.ingest.encoders.sample import Describes, Encoder


@dataclass(frozen=True, slots=True)
class Concerned:
    """Who is concerned by a clip, and what they allow. `people` None: nobody has said who is in it."""

    clip: Collection[Right] = ()
    people: Mapping[int, Collection[Right]] | None = field(default=None)
    """By viewer: the rights that each gives over themselves. Empty: it was said that nobody is in it."""

    @property
    def allow_biometrics(self) -> bool:
        """All of them gave `biometric`."""
        if self.people is None or Right.BIOMETRIC not in self.clip:
            return False
        return all(Right.BIOMETRIC in given for given in self.people.values())


UNKNOWN = Concerned()
"""Nothing was said."""


def may_run(encoder: Encoder, concerned: Concerned) -> bool:
    """Whether that encoder may look at the clip of those. One that does not say what it describes may not."""
    declares: frozenset[Describes] = getattr(encoder, "declares", frozenset())
    return bool(declares) and (Describes.BIOMETRIC not in declares or concerned.allow_biometrics)
