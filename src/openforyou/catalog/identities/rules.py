"""How long a code and a proof hold, when a proof is looked at again, and when it is over: pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from openforyou.catalog.identities.types import Proof, Result

CODE_BYTES = 15
CODE_PREFIX = "openforyou-"
CHALLENGE_LIFE = timedelta(hours=24)
"""A name server may need some hours to say something new."""
TRIES_MAX = 30
"""Of one challenge: each is a request to somebody else's server."""
OPEN_MAX = 20
"""Challenges that a creator may have open."""
RECHECK_EVERY = timedelta(days=7)
RETRY_EVERY = timedelta(days=1)
"""While it fails."""
GRACE = timedelta(days=10)
"""From the first look that fails to the lapse: a site may be down, a profile rewritten by mistake."""
PROOF_LIFE = timedelta(days=30)
"""From the last look that succeeded. Longer than a week and the grace, so that a worker which stands still for some
days ends nothing, and one which never runs lets nothing stand for ever."""
SIGN_IN_LIFE = timedelta(days=180)
"""A sign-in cannot be repeated without its owner: we keep no token of theirs."""


class Next(Enum):
    """What becomes of a proof after a look."""

    HOLDS = "holds"
    FAILS = "fails"
    LAPSES = "lapses"


def after(proof: Proof, result: Result, now: datetime) -> Next:
    """HELD holds. A name that is another's lapses at once; whatever else fails until its grace is over."""
    if result is Result.HELD:
        return Next.HOLDS
    if result is Result.CHANGED:
        return Next.LAPSES
    since = proof.failing_since or now
    return Next.LAPSES if now - since >= GRACE or now >= proof.expires_at else Next.FAILS


def expires_at(now: datetime, *, rechecks: bool) -> datetime:
    """Until when a proof seen at `now` counts."""
    return now + (PROOF_LIFE if rechecks else SIGN_IN_LIFE)


def lapses_at(proof: Proof) -> datetime | None:
    """When a failing proof will lapse, unless it is seen again; None: it does not fail."""
    return None if proof.failing_since is None else min(proof.failing_since + GRACE, proof.expires_at)
