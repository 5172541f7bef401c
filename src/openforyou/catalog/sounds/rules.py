"""What may be said of a sound and what follows from it, as pure functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from openforyou.catalog.rules import checked_caption, checked_title
from openforyou.catalog.sounds.types import EVIDENCE_LENGTH_MAX, About, Audience, Licence, Sound
from openforyou.catalog.types import SoundUse
from openforyou.core.errors import BadInput
from openforyou.core.ids import SoundId

COVERED_SHARE_MIN = 0.5
"""Of an item, a sound must cover so much to be *the* sound it is set to."""
SPOKEN = {
    Licence.OWN_WORK: "their own work",
    Licence.CC0: "CC0, free for everybody",
    Licence.CC_BY: "CC BY, free where its owner is named",
    Licence.LICENSED: "licensed",
    Licence.ALL_RIGHTS_RESERVED: "all rights reserved",
}


def checked(about: About, audience: Audience) -> About:
    """What is said, in one form. Raises `BadInput` for a licence without its evidence, or one that forbids it."""
    evidence = checked_caption(about.evidence)
    if len(evidence) > EVIDENCE_LENGTH_MAX:
        raise BadInput("The evidence is too long.", hint=f"{EVIDENCE_LENGTH_MAX} letters suffice.", field="evidence")
    if about.licence is Licence.LICENSED and not evidence:
        raise BadInput(
            "A licence needs evidence.", hint="Name the contract: with whom, of when, for what.", field="evidence"
        )
    if about.licence is Licence.ALL_RIGHTS_RESERVED and audience is Audience.EVERYONE:
        raise BadInput(
            "All rights are reserved, so not everybody may use it.",
            hint="Give it to nobody or to named creators, or state another licence.",
            field="audio",
        )
    return About(
        title=checked_title(about.title),
        owner_name=checked_title(about.owner_name),
        licence=about.licence,
        owner_id=about.owner_id,
        evidence=evidence,
    )


def spoken_ms(moment_ms: int) -> str:
    """83000 → 1:23."""
    minutes, seconds = divmod(max(0, moment_ms) // 1_000, 60)
    return f"{minutes}:{seconds:02}"


def told(uses: Sequence[tuple[SoundUse, Sound]]) -> str:
    """Why an item is held: each work by name, its owner, and where it is heard."""
    parts = [
        f"“{sound.title}” by {sound.owner_name} is heard from {spoken_ms(use.from_ms)} to {spoken_ms(use.until_ms)}"
        for use, sound in uses
    ]
    return f"{'; '.join(parts)}, and you have no right to use {'it' if len(parts) == 1 else 'them'}."


WAYS_ON = "Publish it muted or with another sound, or ask the owner for the right."


def main_sound(uses: Collection[SoundUse], duration_ms: int) -> SoundId | None:
    """The registered sound that an item is set to: what covers most of it, and at least half; None: there is none."""
    covered: dict[SoundId, int] = {}
    for use in uses:
        covered[use.sound_id] = covered.get(use.sound_id, 0) + use.until_ms - use.from_ms
    best = max(covered, key=lambda sound: (covered[sound], sound), default=None)
    return best if best is not None and covered[best] >= COVERED_SHARE_MIN * duration_ms else None
