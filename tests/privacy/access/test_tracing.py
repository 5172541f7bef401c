"""From a leaked value to the look that it came from: found, by whom it may be, on record before it is answered."""

from __future__ import annotations

import json

import pytest

from openforyou.privacy.access import tracing, watermark
from openforyou.privacy.access.errors import BadAct, NotAsked, NotDurable, SameHand, TooManyTraced, WrongDuty
from openforyou.privacy.access.types import Beside, Doing, Duty
from openforyou.privacy.vault.types import Field
from tests.privacy.access.conftest import ADA, World, named, seals
from tests.privacy.access.test_access import leaves

LEAKED = "It stood in a forum on the third of May."


def looked(world: World, who: str = "sue", **more: str) -> tuple[str, str]:
    """A request that was read, and the address as it was shown."""
    request = world.ask(who, **more)
    world.do("gil", Doing.GRANT, request=request)
    return request, world.read(request, who)["values"]["email"]


def test_a_leaked_value_leads_to_the_look_that_it_came_from(world: World) -> None:
    request, shown = looked(world)
    looked(world, "tom", purpose="claim", case="C-1")
    bits = watermark.borne(f"look what I have: {shown} !")
    told = world.do("rae", Doing.TRACE, bits=bits, words=LEAKED)
    assert [one["request"] for one in told["found"]] == [request]
    assert (told["found"][0]["name"], told["bits"], told["read"]) == ("sue", 18, 2)
    (record,) = [one for one in leaves(world) if one["type"] == "access_trace"]
    assert (record["by"], record["bits"], record["found"]) == (world.ids["rae"], 18, 1)
    assert "mail" not in json.dumps(record)
    kept = [entry for entry in world.store.entries() if entry.doing == Doing.TRACE]
    assert len(kept) == 1
    assert "example" not in kept[0].text, "the value itself never comes here"
    world.reopen()
    assert [one["found"] for one in world.do("ray", Doing.LOOK)["traces"]] == [[request]]
    assert world.do("sue", Doing.LOOK)["traces"] == []


def test_other_text_bears_the_whole_mark(world: World) -> None:
    request = world.ask(fields=["devices"])
    world.do("gil", Doing.GRANT, request=request)
    beside = Beside({Field.DEVICES: seals(ADA)[Field.DEVICES]})
    shown = world.do("sue", Doing.READ, beside=beside, request=request)["values"]["devices"]
    assert len(watermark.borne(shown)) == watermark.TAG_BITS
    assert watermark.borne(watermark.unmarked(shown)) == ""
    for anew in ("ada@post.mail.example.org", "ADA@POST.MAIL.EXAMPLE.ORG"):
        assert watermark.borne(anew) == "", "written anew it bears none, not one of zeros"
    assert world.do("rae", Doing.TRACE, bits=watermark.borne(shown), words=LEAKED)["found"][0]["request"] == request


def test_who_took_the_mark_off_is_not_found_and_nobody_else_is(world: World) -> None:
    _, shown = looked(world)
    swapped = watermark.borne(shown.swapcase())
    told = world.do("rae", Doing.TRACE, bits=swapped, words=LEAKED)
    assert (told["found"], told["by_chance_milli"]) == ([], 0)


def test_what_is_no_tracing_is_refused(world: World) -> None:
    for who in ("sue", "gil", "lea", "root"):
        with pytest.raises(WrongDuty, match="tracing a leak"):
            world.do(who, Doing.TRACE, bits="0101", words=LEAKED)
    for bits in ("", "012", "0" * 33, 7, "ada@post.mail.example.org"):
        with pytest.raises(NotAsked, match="by the mark"):
            world.do("rae", Doing.TRACE, bits=bits, words=LEAKED)
    with pytest.raises(NotAsked, match="by the mark"):
        world.do("rae", Doing.TRACE, bits="01", words=LEAKED, subject="account:1")
    with pytest.raises(NotAsked, match="Say why"):
        world.do("rae", Doing.TRACE, bits="01", words="leak")


def test_a_colleagues_mark_is_not_found_out_bit_by_bit(world: World) -> None:
    request, _ = looked(world)
    tag = watermark.tag(world.store.home.key, world.ids["sue"], request)
    for bits in ("0", "1", tag[: watermark.TRACED_BITS - 1]):
        with pytest.raises(NotAsked, match="tells nobody from another"):
            world.do("rae", Doing.TRACE, bits=bits, words=LEAKED)
    for _ in range(tracing.A_DAY_MAX):
        world.do("rae", Doing.TRACE, bits=tag[:16], words=LEAKED)
    with pytest.raises(TooManyTraced, match="5 times within a day"):
        world.do("rae", Doing.TRACE, bits=tag[:16], words=LEAKED)
    assert world.do("ray", Doing.TRACE, bits=tag[:16], words=LEAKED)["found"], "a colleague's day is their own"
    assert not world.do("ray", Doing.LOOK)["alarms"]
    for _ in range(2):
        world.later(days=1)
        for _ in range(tracing.A_DAY_MAX):
            world.do("rae", Doing.TRACE, bits=tag[:16], words=LEAKED)
    (alarm,) = world.do("ray", Doing.LOOK)["alarms"]
    assert (alarm["kind"], alarm["staff"]) == ("traces", [world.ids["rae"]])
    with pytest.raises(SameHand, match="about you"):
        world.do("rae", Doing.REVIEW, of=alarm["alarm"], right=True, words=LEAKED)


def test_a_leak_of_somebody_close_is_a_colleagues_to_trace(world: World) -> None:
    _, shown = looked(world)
    world.do("rae", Doing.PROTECT, subject=named(ADA), on=True, close=True)
    with pytest.raises(SameHand, match="close to you"):
        world.do("rae", Doing.TRACE, bits=watermark.borne(shown), words=LEAKED)
    assert world.do("ray", Doing.TRACE, bits=watermark.borne(shown), words=LEAKED)["found"]


def test_nothing_is_answered_before_it_stands_in_the_log(world: World) -> None:
    _, shown = looked(world)
    world.is_dead = True
    with pytest.raises(NotDurable):
        world.do("rae", Doing.TRACE, bits=watermark.borne(shown), words=LEAKED)
    world.is_dead = False
    assert world.do("rae", Doing.TRACE, bits=watermark.borne(shown), words=LEAKED)["found"]


def test_somebody_reads_who_they_are_by_their_key_alone(world: World) -> None:
    looked(world)
    world.staff("ann", Duty.AUDITOR, account=f"account:{'1' * 10}2")
    world.ids["nobody"], world.keys["nobody"] = "", world.keys["gil"]
    me = world.do("nobody", Doing.LOOK)["me"]
    assert (me["staff"], me["name"], me["duties"], me["regions"]) == (world.ids["gil"], "gil", ["granter"], ["home"])
    assert [one["name"] for one in me["circle"]["granted_by_me"]] == ["sue"]
    sue = world.do("sue", Doing.LOOK)["me"]
    assert [one["name"] for one in sue["circle"]["granted_to_me"]] == ["gil"]
    world.later(days=31)
    assert world.do("gil", Doing.LOOK)["me"]["circle"] == {"granted_to_me": [], "granted_by_me": []}
    assert world.do("ann", Doing.LOOK)["me"]["account"].startswith("account:")
    with pytest.raises(BadAct, match="that key"):
        world.do("nobody", Doing.GRANT, request="x")
