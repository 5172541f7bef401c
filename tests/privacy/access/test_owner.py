"""What is opened for people themselves: noted before it opens, shown to them alone, and counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openforyou.privacy.access import owner
from openforyou.privacy.vault.errors import Unopened
from openforyou.privacy.vault.types import Field, Kind, Subject
from tests.privacy.access.conftest import ADA, BEA, World, seals


def test_each_time_is_noted_before_it_opens_and_shown_to_them_alone(world: World) -> None:
    opened = world.access.open_for_owner(ADA, seals(ADA))
    assert opened[Field.EMAIL] == b"ada@post.mail.example.org"
    world.later(hours=1)
    with pytest.raises(Unopened):
        world.access.open_for_owner(ADA, {Field.EMAIL: b"12:another's"})
    world.reopen()
    fields = [fields for _, fields in world.access.opened_for_owner(ADA)]
    assert fields == [["email"], ["devices", "email", "minor"]], "what was refused is noted too"
    assert world.access.opened_for_owner(BEA) == []
    world.later(days=91)
    world.access.tick()
    assert world.access.opened_for_owner(ADA) == []


def test_who_goes_takes_it_along(world: World) -> None:
    world.access.open_for_owner(ADA, seals(ADA))
    world.access.forget(ADA)
    assert world.access.opened_for_owner(ADA) == []


def test_far_more_people_than_ever_within_an_hour_are_an_alarm(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "AT_LEAST", 8)
    kept = {Subject(Kind.ACCOUNT, number): seals(Subject(Kind.ACCOUNT, number)) for number in range(1, 20)}

    def opened(count: int) -> list[str]:
        for subject in list(kept)[:count]:
            world.access.open_for_owner(subject, kept[subject])
        world.access.tick()
        world.carry()
        return [one.kind for one in world.access._desk.book.alarms.values()]

    assert opened(4) == []
    world.later(hours=2)
    assert opened(12) == [], "three times as many are a busy evening"
    world.later(hours=24 * 20)
    assert opened(3) == []
    world.later(hours=2)
    assert opened(13) == ["bulk"]
    assert opened(13) == ["bulk"], "once"
    told = next(iter(world.access._desk.book.alarms.values()))
    assert told.words == "Seals of 13 people were opened in their own names within an hour; before, of 3 at most."
    assert timedelta(hours=1) == owner.HOUR


def test_far_more_marks_of_pseudonyms_than_ever_are_an_alarm_that_nobody_puts_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, "MARKED_AT_LEAST", 100)

    def marked(count: int) -> list[str]:
        for _ in range(count // 25):
            world.access.marks.note(25)
        return [one.words for one in world.access._desk.book.alarms.values()]

    assert marked(75) == []
    world.later(hours=1)
    assert marked(150) == [], "of 50 at most until then, and not four times as many"
    world.later(hours=1)
    world.reopen()
    told = ["Marks of 600 pseudonyms were told within an hour; before, of 150 at most."]
    assert (marked(575), marked(25)) == ([], told)
    assert marked(600) == told, "once an hour"
    kept = world.store._connection.execute("SELECT * FROM viewers_marked").fetchall()
    assert len(kept) == 3, "how many, hour by hour, and no pseudonym"
    world.later(days=15)
    assert len(marked(100)) == 2, "what was usual two weeks ago is forgotten"
