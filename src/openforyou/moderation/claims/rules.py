"""When which step may follow, and until when. Pure."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from openforyou.core.errors import BadInput
from openforyou.moderation.claims.errors import NotNow, SamePerson
from openforyou.moderation.claims.types import Act, Claim, ClaimState, Ruling, Side

ANSWER_DAYS = 7
"""So long the other side has for an answer before anybody decides."""
DECIDE_DAYS = 14
"""From the opening, or from an appeal: a claim that waits longer is overdue, and counted so in the open."""
APPEAL_DAYS = 14
"""From a decision: until then each side may appeal, once, and what the decision did can be undone."""
WORDS_MIN, WORDS_MAX = 20, 5_000
"""Characters that say why."""
NAME_MAX = 100


def checked_words(words: str, field: str) -> str:
    """Stripped, in NFC. Raises `BadInput` naming `field` where they are too few, too many, or not text."""
    told = unicodedata.normalize("NFC", words.strip())
    if any(unicodedata.category(letter) in ("Cs", "Cc") and letter not in "\n\t\r" for letter in told):
        raise BadInput(f"{field} has characters that are no text.", hint="Write it in plain letters.", field=field)
    if not WORDS_MIN <= len(told) <= WORDS_MAX:
        raise BadInput(
            f"{field} has {len(told)} characters.",
            hint=f"Say in {WORDS_MIN} to {WORDS_MAX:,} characters why, and how that can be checked.",
            field=field,
        )
    return told


def checked_name(by: str) -> str:
    """Who of the staff decides. Raises `BadInput`."""
    told = " ".join(by.split())
    if not told or len(told) > NAME_MAX:
        raise BadInput("Somebody decides, and their name is kept.", hint="Say who, as in --by NAME.", field="by")
    return told


def check_answer(claim: Claim, side: Side) -> None:
    """Raises `NotNow`. Both sides may say more until the decision."""
    if claim.state not in (ClaimState.OPEN, ClaimState.APPEALED):
        raise NotNow("That claim is decided.", hint="You can appeal while its days run." if side else "")


def check_rescind(claim: Claim) -> None:
    """Raises `NotNow`: a claim can be taken back until it is decided."""
    if claim.state is not ClaimState.OPEN:
        raise NotNow("That claim cannot be taken back any more.", hint="It is decided; you can appeal.")


def check_decision(claim: Claim, by: str, at: datetime, *, is_answered: bool) -> None:
    """Raises `NotNow` before the other side answered or its days are over, and `SamePerson` on an appeal."""
    if claim.state is ClaimState.OPEN and not is_answered and at < claim.answer_by:
        raise NotNow(
            "The other side has not answered yet.",
            hint=f"It has until {claim.answer_by:%d %B %Y %H:%M} UTC; decide when it answered, or after that.",
        )
    if claim.state not in (ClaimState.OPEN, ClaimState.APPEALED):
        raise NotNow("That claim waits for no decision.", hint="`openforyou claims list` names those that do.")
    if claim.state is ClaimState.APPEALED and by.casefold() in (name.casefold() for name in claim.decided_by):
        raise SamePerson(by)


def check_appeal(claim: Claim, side: Side, at: datetime) -> None:
    """Raises `NotNow`: only who lost appeals, once, in time."""
    if claim.state is not ClaimState.DECIDED:
        raise NotNow("There is no decision to appeal against.", hint="A claim can be appealed once.")
    if side is not loser(claim):
        raise NotNow("It was decided as you wished.", hint="Nothing to do.")
    if claim.appeal_until is None or at >= claim.appeal_until:
        raise NotNow("The days to appeal are over.", hint="The decision stands.")


def loser(claim: Claim) -> Side:
    """Against whom it was decided last."""
    assert claim.ruling is not None, "nothing was decided"
    return Side.RESPONDENT if claim.ruling is Ruling.UPHELD else Side.CLAIMANT


def act_of(ruling: Ruling) -> Act:
    """The step that a decision is."""
    return Act.UPHELD if ruling is Ruling.UPHELD else Act.REJECTED


def answer_by(opened_at: datetime) -> datetime:
    """Until when the other side may answer before anybody decides."""
    return opened_at + timedelta(days=ANSWER_DAYS)


def decide_by(since: datetime) -> datetime:
    """Until when a decision is due."""
    return since + timedelta(days=DECIDE_DAYS)


def appeal_until(decided_at: datetime) -> datetime:
    """Until when a decision may be appealed."""
    return decided_at + timedelta(days=APPEAL_DAYS)
