"""A claim from its opening to its end, and what its decision does and undoes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from openforyou.app.platform import Platform
from openforyou.catalog.types import Creator, Draft, ItemStatus, Right
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput, Conflict
from openforyou.core.ids import ItemId, new_id
from openforyou.moderation.claims import store
from openforyou.moderation.claims.errors import ClaimNotFound, ClaimStands, NothingToClaim, NotNow, SamePerson
from openforyou.moderation.claims.rules import ANSWER_DAYS, APPEAL_DAYS, DECIDE_DAYS
from openforyou.moderation.claims.service import LIVING_MAX, Claims
from openforyou.moderation.claims.types import About, Act, Claim, ClaimKind, ClaimState, Ruling, Side

WHY = "I filmed this in my own kitchen and have the raw file."
ANNA_SAYS, BEN_SAYS = "The first of two to look at it.", "Another pair of eyes than before."


@dataclass
class Court:
    """Two creators, and the clips of each."""

    platform: Platform
    clock: ManualClock
    maker: Creator = field(init=False)
    taker: Creator = field(init=False)

    def __post_init__(self) -> None:
        self.maker = self.platform.catalog.add_creator("maker", "Maker")
        self.taker = self.platform.catalog.add_creator("taker", "Taker")

    @property
    def claims(self) -> Claims:
        return self.platform.claims

    def clip(self, creator: Creator, status: ItemStatus = ItemStatus.PUBLISHED) -> ItemId:
        item_id = ItemId(new_id())
        draft = Draft("A clip", "", frozenset({Right.SHOW, Right.LEARN}), "a.mp4", uuid4().hex)
        self.platform.catalog.queue(item_id, creator.id, draft, "", "for a test")
        with self.platform.database.begin() as connection:
            given = {"status": status.value, "id": item_id}
            connection.execute(text("UPDATE items SET status = :status WHERE id = :id"), given)
        return item_id

    def status(self, item_id: ItemId, creator: Creator) -> ItemStatus:
        return self.platform.catalog.own_item(item_id, creator.id).status

    def theft(self) -> tuple[Claim, ItemId]:
        item_id = self.clip(self.taker)
        return self.claims.open(self.maker.id, About(ClaimKind.THEFT, self.taker.id, item_id), WHY), item_id

    def copy(self) -> tuple[Claim, ItemId, ItemId]:
        mine, theirs = self.clip(self.maker, ItemStatus.REFUSED), self.clip(self.taker)
        about = About(ClaimKind.COPY, self.taker.id, mine, theirs)
        return self.claims.open(self.maker.id, about, WHY), mine, theirs

    def decide(self, claim: Claim, ruling: Ruling, by: str = "anna") -> None:
        self.claims.decide(claim.id, ruling, ANNA_SAYS, by)

    def later(self, days: float) -> None:
        self.clock.advance(timedelta(days=days))

    def is_cleared(self, creator: Creator, item_id: ItemId) -> bool:
        with self.platform.database.connect() as connection:
            return store.is_cleared(connection, creator.id, item_id)

    def handle(self, creator: Creator) -> str:
        return self.platform.catalog.creators([creator.id])[creator.id].handle


@pytest.fixture
def court(platform: Platform, clock: ManualClock) -> Iterator[Court]:
    return Court(platform, clock)


def test_nothing_happens_to_anybody_before_a_decision(court: Court) -> None:
    _, item_id = court.theft()
    court.claims.open(court.maker.id, About(ClaimKind.IMPERSONATION, court.taker.id), WHY)
    court.later(ANSWER_DAYS + DECIDE_DAYS + 1)
    court.claims.close_due()
    assert court.status(item_id, court.taker) is ItemStatus.PUBLISHED
    assert court.handle(court.taker) == "taker"


def test_nobody_decides_before_the_other_side_had_its_say_or_its_days(court: Court) -> None:
    claim, _ = court.theft()
    with pytest.raises(NotNow):
        court.decide(claim, Ruling.UPHELD)
    court.later(ANSWER_DAYS)
    court.decide(claim, Ruling.UPHELD)
    other, _ = court.theft()
    court.claims.answer(other.id, court.maker.id, "One side alone says more, which is not the other side's answer.")
    with pytest.raises(NotNow):
        court.decide(other, Ruling.UPHELD)
    court.claims.answer(other.id, court.taker.id, "It is mine, here is the raw file.")
    court.decide(other, Ruling.REJECTED)


def test_a_theft_upheld_suspends_the_clip_and_withdraws_it_when_no_appeal_comes(court: Court) -> None:
    claim, item_id = court.theft()
    court.later(ANSWER_DAYS)
    court.decide(claim, Ruling.UPHELD)
    assert court.status(item_id, court.taker) is ItemStatus.SUSPENDED
    assert item_id not in court.platform.catalog.items([item_id])
    assert court.platform.catalog.item_rights(item_id) == {Right.SHOW, Right.LEARN}
    court.later(APPEAL_DAYS)
    assert court.claims.close_due() == 1
    assert court.status(item_id, court.taker) is ItemStatus.WITHDRAWN
    assert court.platform.catalog.item_rights(item_id) == frozenset()
    assert court.claims.case(claim.id).claim.state is ClaimState.CLOSED


def test_an_appeal_that_wins_brings_the_clip_back_with_its_rights(court: Court) -> None:
    claim, item_id = court.theft()
    court.later(ANSWER_DAYS)
    court.decide(claim, Ruling.UPHELD)
    court.claims.appeal(claim.id, court.taker.id, "The raw file was not looked at.")
    with pytest.raises(SamePerson):
        court.decide(claim, Ruling.REJECTED, by="Anna")
    court.claims.decide(claim.id, Ruling.REJECTED, BEN_SAYS, "ben")
    assert court.status(item_id, court.taker) is ItemStatus.PUBLISHED
    assert court.platform.catalog.item_rights(item_id) == {Right.SHOW, Right.LEARN}
    case = court.claims.case(claim.id)
    assert case.claim.state is ClaimState.CLOSED
    assert [step.act for step in case.steps] == [Act.OPENED, Act.UPHELD, Act.APPEALED, Act.REJECTED, Act.CLOSED]
    assert court.claims.moves().reversed == 1


def test_an_appeal_that_the_claimant_wins_settles_at_once(court: Court) -> None:
    claim, item_id = court.theft()
    court.later(ANSWER_DAYS)
    court.decide(claim, Ruling.REJECTED)
    court.claims.appeal(claim.id, court.maker.id, "The raw file was not looked at.")
    court.claims.decide(claim.id, Ruling.UPHELD, BEN_SAYS, "ben")
    assert court.status(item_id, court.taker) is ItemStatus.WITHDRAWN


def test_only_who_lost_appeals_once_and_in_time(court: Court) -> None:
    claim, _ = court.theft()
    court.later(ANSWER_DAYS)
    with pytest.raises(NotNow):
        court.claims.appeal(claim.id, court.maker.id, WHY)
    court.decide(claim, Ruling.REJECTED)
    with pytest.raises(NotNow):
        court.claims.appeal(claim.id, court.taker.id, WHY)
    court.later(APPEAL_DAYS)
    with pytest.raises(NotNow):
        court.claims.appeal(claim.id, court.maker.id, WHY)


def test_a_copy_upheld_lets_the_claimant_publish_what_is_like_that_clip_and_nobody_else(court: Court) -> None:
    claim, _, theirs = court.copy()
    assert not court.is_cleared(court.maker, theirs)
    court.later(ANSWER_DAYS)
    court.decide(claim, Ruling.UPHELD)
    assert court.is_cleared(court.maker, theirs)
    assert not court.is_cleared(court.taker, theirs)
    assert not court.is_cleared(court.maker, court.clip(court.taker))
    court.claims.appeal(claim.id, court.taker.id, WHY)
    court.claims.decide(claim.id, Ruling.REJECTED, BEN_SAYS, "ben")
    assert not court.is_cleared(court.maker, theirs)


def test_an_impersonation_upheld_hands_the_handle_over_and_an_appeal_gives_it_back(court: Court) -> None:
    claim = court.claims.open(court.maker.id, About(ClaimKind.IMPERSONATION, court.taker.id), WHY)
    court.later(ANSWER_DAYS)
    court.decide(claim, Ruling.UPHELD)
    assert court.handle(court.maker) == "taker"
    assert court.handle(court.taker).startswith("formerly.")
    court.claims.appeal(claim.id, court.taker.id, WHY)
    court.claims.decide(claim.id, Ruling.REJECTED, BEN_SAYS, "ben")
    assert court.handle(court.taker) == "taker"
    assert court.handle(court.maker) != "taker"


def test_a_claim_can_be_taken_back_until_it_is_decided_and_by_its_claimant_alone(court: Court) -> None:
    claim, _ = court.theft()
    with pytest.raises(ClaimNotFound):
        court.claims.rescind(claim.id, court.taker.id)
    court.claims.rescind(claim.id, court.maker.id)
    court.later(ANSWER_DAYS)
    with pytest.raises(NotNow):
        court.decide(claim, Ruling.UPHELD)
    other, _ = court.theft()
    court.later(ANSWER_DAYS)
    court.decide(other, Ruling.UPHELD)
    with pytest.raises(NotNow):
        court.claims.rescind(other.id, court.maker.id)


def test_a_stranger_reads_and_does_nothing(court: Court) -> None:
    claim, _ = court.theft()
    stranger = court.platform.catalog.add_creator("stranger", "Stranger")
    for attempt in (court.claims.case, court.claims.rescind):
        with pytest.raises(ClaimNotFound):
            attempt(claim.id, stranger.id)
    with pytest.raises(ClaimNotFound):
        court.claims.answer(claim.id, stranger.id, WHY)
    assert court.claims.of(stranger.id) == []
    assert [case.claim.side_of(court.taker.id) for case in court.claims.of(court.taker.id)] == [Side.RESPONDENT]


def test_what_cannot_be_claimed_is_refused_and_leaves_no_trace(court: Court) -> None:
    own, waiting = court.clip(court.maker), court.clip(court.maker, ItemStatus.REFUSED)
    theirs, gone = court.clip(court.taker), court.clip(court.taker, ItemStatus.WITHDRAWN)
    me, them = court.maker.id, court.taker.id
    for about in (
        About(ClaimKind.THEFT, me, own),
        About(ClaimKind.THEFT, them, own),
        About(ClaimKind.THEFT, them, gone),
        About(ClaimKind.THEFT, them),
        About(ClaimKind.COPY, them, own, theirs),
        About(ClaimKind.COPY, them, theirs, theirs),
        About(ClaimKind.COPY, them, waiting, own),
        About(ClaimKind.IMPERSONATION, me),
    ):
        with pytest.raises(NothingToClaim):
            court.claims.open(me, about, WHY)
    with pytest.raises(BadInput, match="characters"):
        court.claims.open(me, About(ClaimKind.THEFT, them, theirs), "Mine.")
    with pytest.raises(BadInput):
        court.claims.open(me, About(ClaimKind.THEFT, them, theirs), "\x00" * 30)
    assert court.claims.waiting() == []


def test_the_same_is_claimed_once_also_by_many_at_once(court: Court) -> None:
    about = About(ClaimKind.THEFT, court.taker.id, court.clip(court.taker))

    def attempt(_: int) -> bool:
        try:
            court.claims.open(court.maker.id, about, WHY)
        except ClaimStands:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1
    assert len(court.claims.waiting()) == 1


def test_one_creator_has_only_so_many_claims_waiting(court: Court) -> None:
    for _ in range(LIVING_MAX):
        court.theft()
    with pytest.raises(Conflict, match="waiting"):
        court.theft()


def test_a_claim_past_its_day_is_counted_as_overdue(court: Court) -> None:
    court.theft()
    assert (court.claims.moves().open, court.claims.moves().overdue) == (1, 0)
    court.later(DECIDE_DAYS + 0.1)
    assert court.claims.moves().overdue == 1


def test_two_decisions_at_once_are_one(court: Court) -> None:
    claim, item_id = court.theft()
    court.later(ANSWER_DAYS)

    def attempt(ruling: Ruling) -> bool:
        try:
            court.decide(claim, ruling)
        except NotNow:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, [Ruling.UPHELD, Ruling.REJECTED] * 3)) == 1
    case = court.claims.case(claim.id)
    held = court.status(item_id, court.taker) is ItemStatus.SUSPENDED
    assert held is (case.claim.ruling is Ruling.UPHELD)
    assert len(case.steps) == 2


def test_whoever_withdraws_a_clip_that_is_suspended_does_not_get_it_back(court: Court) -> None:
    claim, item_id = court.theft()
    court.later(ANSWER_DAYS)
    court.decide(claim, Ruling.UPHELD)
    court.platform.catalog.withdraw(item_id, court.taker.id)
    court.claims.appeal(claim.id, court.taker.id, WHY)
    court.claims.decide(claim.id, Ruling.REJECTED, BEN_SAYS, "ben")
    assert court.status(item_id, court.taker) is ItemStatus.WITHDRAWN
