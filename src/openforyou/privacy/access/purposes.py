"""The published list: for what reason anything of a person is ever opened, which of it, how long, and who may ask.

Nothing is opened for a reason that is not in it. No purpose opens the secret behind a person's marks in the public log.
"""

from __future__ import annotations

from datetime import timedelta

from openforyou.privacy.access.errors import NotAsked
from openforyou.privacy.access.types import Duty, Purpose
from openforyou.privacy.vault.types import Field

PURPOSES = (
    Purpose(
        "account_recovery",
        "Help somebody back into their own account, who wrote to support.",
        frozenset({Field.EMAIL, Field.DEVICES}),
        timedelta(hours=4),
        frozenset({Duty.SUPPORT}),
        case="support",
    ),
    Purpose(
        "claim",
        "Decide a claim that a work or a name is somebody else's.",
        frozenset({Field.EMAIL, Field.IDENTITIES}),
        timedelta(hours=24),
        frozenset({Duty.TRUST}),
        case="claim",
    ),
    Purpose(
        "child_safety",
        "Find out who decides for a child, where a child may be harmed.",
        frozenset({Field.MINOR, Field.GUARDIANS, Field.EMAIL}),
        timedelta(hours=8),
        frozenset({Duty.TRUST, Duty.LEGAL}),
        case="incident",
    ),
    Purpose(
        "court_order",
        "Answer an order of a court or authority that binds this platform.",
        frozenset({Field.EMAIL, Field.DEVICES, Field.IDENTITIES, Field.VIEWER}),
        timedelta(hours=24),
        frozenset({Duty.LEGAL}),
        case="order",
        may_delay=True,
    ),
    Purpose(
        "audit",
        "Examine whether what is kept of a person is what may be kept.",
        frozenset({Field.MINOR, Field.GUARDIANS, Field.IDENTITIES}),
        timedelta(hours=8),
        frozenset({Duty.AUDITOR}),
        case="audit",
    ),
    Purpose(
        "danger_to_life",
        "Somebody's life is in danger now, and this may save it.",
        frozenset({Field.EMAIL, Field.MINOR, Field.GUARDIANS}),
        timedelta(hours=1),
        frozenset({Duty.SUPPORT, Duty.TRUST, Duty.LEGAL}),
        is_emergency=True,
    ),
)
BY_NAME = {purpose.name: purpose for purpose in PURPOSES}


def purpose_named(name: str) -> Purpose:
    """Raises `NotAsked`."""
    if name not in BY_NAME:
        raise NotAsked(
            f"{name[:40]!r} is no published purpose.", hint=f"It is one of {', '.join(BY_NAME)}.", field="purpose"
        )
    return BY_NAME[name]
