"""People close to staff: protected, and nothing about them comes before whoever named them."""

from __future__ import annotations

import pytest

from openforyou.core.ids import encode_id
from openforyou.privacy.access.errors import SameHand, WrongDuty
from openforyou.privacy.access.types import Doing, Duty
from tests.privacy.access.conftest import ADA, BEA, WHY, World, named


def test_whoever_is_close_to_somebody_of_the_staff_is_protected_from_them_too(world: World) -> None:
    waiting = world.ask()
    world.do("gil", Doing.PROTECT, subject=named(ADA), on=True, close=True)
    with pytest.raises(SameHand, match="close to you"):
        world.do("gil", Doing.GRANT, request=waiting)
    world.do("sue", Doing.PROTECT, subject=named(BEA), on=True, close=True)
    with pytest.raises(SameHand, match="A colleague asks"):
        world.ask(subject=BEA)
    about_bea = world.ask("tom", subject=BEA, purpose="claim")
    assert world.do("gil", Doing.GRANT, request=about_bea)["standing"] == "waiting", "two grants"
    kept = world.store._connection.execute("SELECT outcome, text FROM entries WHERE doing = 'protect'").fetchall()
    assert all(encode_id(one.id) not in str(kept) for one in (ADA, BEA)), "the list can be read by nobody"
    world.reopen()
    with pytest.raises(SameHand):
        world.ask(subject=BEA)
    with pytest.raises(WrongDuty):
        world.do("sue", Doing.PROTECT, subject=named(BEA), on=False)
    world.do("sue", Doing.PROTECT, subject=named(BEA), on=False, close=True)
    assert world.ask(subject=BEA, case="S-3")


def test_nobody_is_shown_or_reviews_what_is_about_somebody_close_to_them(world: World) -> None:
    world.staff("ann", Duty.AUDITOR)
    world.staff("max", Duty.REVIEWER, Duty.GRANTER)
    order = {"purpose": "court_order", "case": "O-1", "delay_days": 9, "order": "A court, on the first of May"}
    broken = world.ask("lea", doing=Doing.EMERGENCY, purpose="danger_to_life", case="", minutes=10)
    asked = world.ask("lea", **order)
    other = world.ask("tom", subject=BEA, purpose="claim")
    for who in ("rae", "ray", "max", "ann", "lea"):
        assert {asked, broken} <= {one["request"] for one in world.do(who, Doing.LOOK)["requests"]}
    for who in ("rae", "max", "ann", "lea"):
        world.do(who, Doing.PROTECT, subject=named(ADA), on=True, close=True)
    for who in ("rae", "max", "ann"):
        seen = world.do(who, Doing.LOOK)
        assert [one["request"] for one in seen["requests"]] == [other]
        assert not {asked, broken} & {one["request"] for one in seen["waiting"]}
        assert not seen["alarms"]
    assert len(world.do("lea", Doing.LOOK)["requests"]) == 2, "her own, which she can take back"
    (alarm,) = world.do("ray", Doing.LOOK)["alarms"]
    for of in (broken, alarm["alarm"]):
        with pytest.raises(SameHand, match="close to you"):
            world.do("rae", Doing.REVIEW, of=of, right=True, words=WHY)
        assert world.do("ray", Doing.REVIEW, of=of, right=True, words=WHY)["right"]
    world.do("rae", Doing.PROTECT, subject=named(ADA), on=False, close=True)
    assert {asked, broken} <= {one["request"] for one in world.do("rae", Doing.LOOK)["requests"]}


def test_who_left_the_staff_protects_nobody_any_more(world: World) -> None:
    world.do("tom", Doing.PROTECT, subject=named(ADA), on=True, close=True)
    assert world.do("gil", Doing.GRANT, request=world.ask())["standing"] == "waiting"
    world.later(days=2)
    left = world.do("root", Doing.ENROL, staff=world.ids["tom"], duties=[])["proposal"]
    world.do("deputy", Doing.AGREE, proposal=left)
    world.reopen()
    assert (
        world.do("gil", Doing.GRANT, request=world.ask("sue", case="S-2", fields=["devices"]))["standing"] == "granted"
    )
