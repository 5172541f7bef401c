"""A minor's account is private, unprofiled and learned from only by a guardian's word; nobody else becomes one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from openforyou.accounts.errors import BadInvitation, NotAGuardian
from openforyou.accounts.passwords import Passwords
from openforyou.accounts.service import Accounts
from openforyou.accounts.types import Account
from openforyou.app.minors import Minors
from openforyou.app.platform import Platform
from openforyou.catalog.errors import ItemNotFound
from openforyou.catalog.rights.errors import RightRefused
from openforyou.catalog.types import ITEM_RIGHTS, Creator, Right
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput, Conflict, NotAllowed
from openforyou.core.ids import ItemId
from openforyou.events.controls.errors import ProfilingGuarded
from openforyou.privacy.vault.errors import Unopened
from tests.catalog.test_service import published

ALL = frozenset(ITEM_RIGHTS)


class Home:
    """A minor who publishes, a parent, and a stranger."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.minors = platform, platform.minors
        quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        accounts = platform.accounts = Accounts(platform.database, platform.clock, platform.keeper, quick)
        self.minors = platform.minors = Minors(platform.database, platform.clock, accounts, platform.catalog.rights)
        self.child = accounts.sign_up("child@example.org", "a long enough one", is_minor=True)
        self.minors.declare(self.child)
        self.parent = accounts.sign_up("parent@example.org", "a long enough one")
        self.stranger = accounts.sign_up("stranger@example.org", "a long enough one")
        self.creator: Creator = platform.catalog.add_creator("kid", "Kid", account_id=self.child.id, guarded=True)

    def held(self, item: ItemId) -> frozenset[Right]:
        return self.platform.catalog.rights.of_item(item)

    def learned(self) -> bool:
        return Right.LEARN in self.platform.catalog.rights.of_viewer(self.child.viewer_id)

    def adopt(self, adult: Account | None = None) -> int:
        return self.minors.guardians.accept(self.minors.guardians.invite(self.child), adult or self.parent).id


@pytest.fixture
def home(platform: Platform) -> Home:
    return Home(platform)


def test_what_a_minor_ticks_gives_nothing(home: Home) -> None:
    platform = home.platform
    item = published(platform, home.creator)
    assert home.held(item) == frozenset()
    for wanted in (ALL, {Right.LEARN}, {Right.SHOW}):
        with pytest.raises(RightRefused):
            platform.catalog.set_item_rights(item, home.creator.id, wanted, "ticked")
    with pytest.raises(RightRefused):
        platform.catalog.set_viewer_rights(home.child.viewer_id, {Right.LEARN}, "ticked")
    assert home.held(item) == frozenset()
    assert not home.learned()
    assert item in {one.id for one in platform.catalog.items_of(home.creator.id, everything=True)}, "theirs to see"
    platform.catalog.withdraw(item, home.creator.id)  # no other function is lost


def test_a_minor_s_feed_uses_nothing_of_what_they_do_whatever_the_row_says(home: Home) -> None:
    platform, viewer = home.platform, home.child.viewer_id
    chosen = platform.events.controls(viewer)
    assert not chosen.profiling
    with pytest.raises(ProfilingGuarded):
        platform.events.set_controls(viewer, replace(chosen, profiling=True))
    platform.events.set_controls(viewer, replace(chosen, autoplay=False))
    with platform.database.begin() as connection:
        connection.execute(text("UPDATE viewer_controls SET profiling = true"))
    assert not platform.events.controls(viewer).profiling
    served = platform.feed.for_you(viewer, region="", size=1)
    assert "profiling-off" in str(platform.events.slate(served.request_id, viewer))


def test_only_an_adult_with_a_fresh_code_of_another_s_becomes_a_guardian(home: Home, clock: ManualClock) -> None:
    guardians = home.minors.guardians
    other = home.platform.accounts.sign_up("other@example.org", "a long enough one", is_minor=True)
    home.minors.declare(other)
    code = guardians.invite(home.child)
    for account, given, refusal in (
        (home.child, code, NotAllowed),
        (other, code, NotAllowed),
        (home.stranger, "1" * 16, BadInvitation),
        (home.stranger, "", BadInvitation),
    ):
        with pytest.raises(refusal):
            guardians.accept(given, account)
    with pytest.raises(NotAllowed):
        guardians.invite(home.parent)
    newer = guardians.invite(home.child)
    with pytest.raises(BadInvitation):
        guardians.accept(code, home.parent)
    clock.advance(timedelta(days=2))
    with pytest.raises(BadInvitation):
        guardians.accept(newer, home.parent)
    code = guardians.invite(home.child)
    begun = guardians.accept(f" {code[:4]} {code[4:]} ", home.parent)
    with pytest.raises(BadInvitation):
        guardians.accept(code, home.stranger)
    assert [one.id for one in guardians.of_ward(home.child.id)] == [begun.id]
    with pytest.raises(NotAGuardian):
        home.minors.choose_learning(home.stranger, begun.id, learn=True)


def test_a_guardian_gives_and_takes_back_and_stepping_back_shuts_all(home: Home) -> None:
    item, foreign = (
        published(home.platform, home.creator),
        published(home.platform, home.platform.catalog.add_creator("else", "Else")),
    )
    ward = home.adopt()
    home.minors.choose_learning(home.parent, ward, learn=True)
    home.minors.choose_for_items(home.parent, ward, {item: {Right.SHOW}})
    home.minors.choose_profiling(home.parent, ward, allowed=True)
    assert home.learned()
    assert home.held(item) == {Right.SHOW}
    home.platform.events.set_controls(
        home.child.viewer_id, replace(home.platform.events.controls(home.child.viewer_id), profiling=True)
    )
    with pytest.raises(ItemNotFound):
        home.minors.choose_for_items(home.parent, ward, {foreign: set()})
    home.platform.catalog.set_viewer_rights(home.child.viewer_id, set(), "the minor's own no")
    assert not home.learned(), "no is anybody's to say"
    home.minors.choose_learning(home.parent, ward, learn=True)
    home.minors.choose_learning(home.parent, ward, learn=False)
    with pytest.raises(RightRefused):
        home.platform.catalog.set_viewer_rights(home.child.viewer_id, {Right.LEARN}, "ticked")
    home.minors.step_back(home.parent.id, ward)
    assert home.held(item) == frozenset()
    assert not home.platform.events.controls(home.child.viewer_id).profiling
    with pytest.raises(NotAGuardian):
        home.minors.choose_for_items(home.parent, ward, {item: {Right.SHOW}})


def test_who_comes_of_age_is_asked_afresh(home: Home) -> None:
    item, ward = published(home.platform, home.creator), home.adopt()
    home.minors.choose_learning(home.parent, ward, learn=True)
    home.minors.choose_for_items(home.parent, ward, {item: ALL})
    with pytest.raises(BadInput):
        home.minors.come_of_age(home.child, by="operator", evidence=" ")
    home.minors.come_of_age(home.child, by="operator", evidence="a birth certificate was shown")
    assert home.held(item) == frozenset()
    assert not home.learned()
    home.platform.catalog.set_viewer_rights(home.child.viewer_id, {Right.LEARN}, "their own word")
    home.platform.catalog.set_item_rights(item, home.creator.id, ALL, "their own word")
    assert home.learned()
    assert home.held(item) == ALL
    assert home.held(published(home.platform, home.creator)) == ALL
    with pytest.raises(Conflict):
        home.minors.come_of_age(home.child, by="operator", evidence="again")
    home.platform.log.step()
    assert home.platform.proving.check().wrongs == []
    assert home.minors.check() == []


def test_an_account_that_becomes_a_minor_s_loses_what_it_gave(home: Home) -> None:
    account = home.stranger
    maker = home.platform.catalog.add_creator("late", "Late", account_id=account.id)
    item = published(home.platform, maker)
    home.platform.catalog.set_viewer_rights(account.viewer_id, {Right.LEARN}, "ticked")
    home.minors.declare(account)
    home.minors.declare(account)
    assert home.held(item) == frozenset()
    assert Right.LEARN not in home.platform.catalog.rights.of_viewer(account.viewer_id)
    assert home.held(published(home.platform, maker)) == frozenset()


def test_a_flag_that_is_flipped_in_the_database_is_named(home: Home) -> None:
    assert home.minors.check() == []
    with home.platform.database.begin() as connection:
        connection.execute(text("UPDATE creators SET guarded = false"))
    (found,) = home.minors.check()
    assert "its creator is not guarded" in found


def test_an_operator_declares_and_lifts_it_without_opening_anything(home: Home) -> None:
    accounts, account = home.platform.accounts, home.stranger
    home.platform.catalog.set_viewer_rights(account.viewer_id, {Right.LEARN}, "ticked")
    begun = accounts.sessions.begin(account)
    home.minors.declare_unseen(accounts.of_email("stranger@example.org").id)
    assert accounts.sessions.find(begun.token) is None, "they sign in again"
    assert Right.LEARN not in home.platform.catalog.rights.of_viewer(account.viewer_id)
    again = home.minors.at_the_door(accounts.sign_in("stranger@example.org", "a long enough one"))
    assert again.is_minor
    home.minors.come_of_age_unseen(account.id, by="operator", evidence="a birth certificate was shown")
    assert not home.minors.at_the_door(accounts.sign_in("stranger@example.org", "a long enough one")).is_minor
    with pytest.raises(Conflict):
        home.minors.come_of_age_unseen(account.id, by="operator", evidence="again")


def test_an_older_seal_put_back_makes_nobody_of_age(home: Home) -> None:
    """Whoever writes into the database can put an old row back, and nothing else that opens."""
    query = text("SELECT sealed FROM sealed_fields WHERE subject_id = :id AND field = 'minor'")
    put = text("UPDATE sealed_fields SET sealed = :sealed WHERE subject_id = :id AND field = 'minor'")
    account, accounts = home.stranger, home.platform.accounts
    with home.platform.database.begin() as connection:
        old = connection.scalar(query, {"id": account.id})
    home.minors.declare(account)
    with home.platform.database.begin() as connection:
        connection.execute(put, {"id": account.id, "sealed": old})
        connection.execute(put, {"id": home.child.id, "sealed": old})
    found = home.minors.at_the_door(accounts.sign_in("stranger@example.org", "a long enough one"))
    assert found.is_minor, "by the record"
    assert accounts.sign_in("stranger@example.org", "a long enough one").is_minor, "and sealed anew"
    with pytest.raises(Unopened):
        accounts.sign_in("child@example.org", "a long enough one")


def test_of_two_guardians_who_step_back_the_last_shuts_all(home: Home) -> None:
    first, second = home.adopt(), home.adopt(home.stranger)
    home.minors.choose_learning(home.parent, first, learn=True)
    home.minors.step_back(home.parent.id, first)
    assert home.learned()
    home.minors.step_back(home.stranger.id, second)
    assert not home.learned()
    assert home.minors.guardians.of_guardian(home.stranger.id) == []
