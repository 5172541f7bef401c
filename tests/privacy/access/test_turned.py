"""The clock that ran ahead, the log under another key, the log that was cut: nothing opens, and nothing is lost."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from openforyou.ledger.keys import SigningKey
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.ledger.writer import LogWriter
from openforyou.privacy.access import acts
from openforyou.privacy.access.errors import BadAct, Closed, NotOpen
from openforyou.privacy.access.types import Beside, Doing
from tests.privacy.access.conftest import ADA, BEA, KEY, NOW, World, seals
from tests.privacy.access.test_access import leaves

SETTLED = {"words": "We know why it was so, and went through all of it."}


def settle(world: World) -> None:
    for who in ("root", "deputy"):
        world.do(who, Doing.SETTLE, **SETTLED)


@pytest.mark.parametrize("restarted", [False, True])
def test_what_ended_while_the_clock_ran_ahead_does_not_come_back(world: World, restarted: bool) -> None:
    request = world.ask()
    world.do("gil", Doing.GRANT, request=request)
    text = world.text("sue", Doing.READ, request=request)
    world.later(days=300)
    with pytest.raises(BadAct, match="Set your clock"):  # whose own clock is right
        world.access.do(text, acts.sign(text, world.keys["sue"]), Beside(seals(ADA)))
    with pytest.raises(NotOpen, match="ended at"):
        world.read(request)
    assert [one.standing for one in world.access.looked_at(ADA)] == ["ended"]
    world.clock.at = NOW + timedelta(minutes=1)
    if restarted:
        world.reopen()
    with pytest.raises(Closed, match="clock stands before"):
        world.read(request)
    assert [one.standing for one in world.access.looked_at(ADA)] == ["ended"]
    world.access.tick()
    assert "clock" in [one["kind"] for one in world.do("rae", Doing.LOOK)["alarms"]]
    settle(world)
    world.reopen()
    with pytest.raises(NotOpen, match="revoked"):
        world.read(request)
    assert world.ask(subject=BEA), "time goes on from what it is"
    assert world.vault.opened == []


def test_a_clock_that_ran_ahead_while_nobody_acted_ends_what_it_should(world: World) -> None:
    request = world.ask()
    world.do("gil", Doing.GRANT, request=request)
    world.later(days=300)
    world.access.tick()
    world.reopen()
    world.clock.at = NOW
    with pytest.raises(Closed, match="clock stands before"):
        world.read(request)


def under_another_key(world: World) -> SigningKey:
    """The whole log, leaf by leaf, signed by somebody else under its name."""
    log = world.log
    with LogWriter.open(log, KEY) as writer:
        size = writer.size
    copied = [leaf for part in Log(FolderSource(log)).entries(0, size, size) for leaf in part]
    shutil.rmtree(log)
    other = SigningKey.generate(KEY.name)
    with LogWriter.open(log, other) as writer:
        writer.append(copied)
        writer.publish()
    return other


@pytest.mark.parametrize("restarted", [False, True])
def test_a_log_under_another_key_opens_nothing(world: World, monkeypatch: pytest.MonkeyPatch, restarted: bool) -> None:
    request = world.ask()
    world.do("gil", Doing.GRANT, request=request)
    waiting = world.ask(subject=BEA)
    other = under_another_key(world)
    monkeypatch.setattr("tests.privacy.access.conftest.KEY", other)
    if restarted:
        world.reopen()
    with pytest.raises(Closed, match="not signed by the key that it was first met under") as refused:
        world.read(request)
    assert "openforyou access settle" in refused.value.hint
    with pytest.raises(Closed):
        world.do("gil", Doing.GRANT, request=waiting)
    with pytest.raises(Closed):
        world.ask(subject=BEA)
    assert world.vault.opened == []
    settle(world)
    again = world.ask(subject=BEA)
    world.do("gil", Doing.GRANT, request=again)
    assert world.read(again, subject=BEA)["values"]


def test_a_grant_that_waits_for_such_a_log_closes_access_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.do("gil", Doing.GRANT, request=world.ask(subject=BEA))
    request = world.ask()
    monkeypatch.setattr("tests.privacy.access.conftest.KEY", under_another_key(world))
    with pytest.raises(Closed, match="not signed by"):
        world.do("gil", Doing.GRANT, request=request)


def test_a_log_put_back_from_an_older_copy_gets_its_records_again(world: World) -> None:
    world.carry()
    older = world.log.with_name("older")
    shutil.copytree(world.log, older)
    request = world.ask()
    world.do("gil", Doing.GRANT, request=request)
    world.read(request)
    (lost,) = [one for one in leaves(world) if one["type"] == "access"]
    shutil.rmtree(world.log)
    shutil.copytree(older, world.log)
    with pytest.raises(Closed, match=r"had \d+ leaves and shows \d+"):
        world.read(request)
    world.reopen()
    with pytest.raises(Closed):
        world.read(request)
    settle(world)
    world.carry()
    assert [one for one in leaves(world) if one["type"] == "access"] == [lost]
    assert len(world.vault.opened) == 1
    (looked,) = world.access.looked_at(ADA)
    assert (looked.entry, looked.standing) == (lost["entry"], "revoked")


def test_a_log_that_turned_is_said_once_however_long_it_lasts(world: World) -> None:
    world.carry()
    older = world.log.with_name("older")
    shutil.copytree(world.log, older)
    request = world.ask()
    world.do("gil", Doing.GRANT, request=request)
    world.is_dead = True
    world.do("sue", Doing.REVOKE, request=request, words="I have seen what I needed to.")
    world.access.carried([seq for seq, _ in world.access.outbox()])
    shutil.rmtree(world.log)
    shutil.copytree(older, world.log)
    for _ in range(5):
        world.access.tick()
        world.access.carried([seq for seq, _ in world.access.outbox()])
    said = world.store._connection.execute("SELECT doing, count(*) FROM entries GROUP BY doing").fetchall()
    assert dict(said)["closed"] == 1
