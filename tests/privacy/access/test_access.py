"""Staff and a person's data: what opens, what does not, and that it is in the open before it opens."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from openforyou.core.encoding import canonical_json, to_base64url
from openforyou.core.errors import OpenForYouError
from openforyou.core.ids import encode_id
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.ledger.writer import LogWriter
from openforyou.privacy.access import acts, records, watermark
from openforyou.privacy.access.errors import (
    BadAct,
    Blocked,
    Closed,
    ElsewhereAtHome,
    NotAsked,
    NotDurable,
    NotNow,
    NotOpen,
    Replayed,
    SameHand,
    WrongDuty,
)
from openforyou.privacy.access.purposes import PURPOSES
from openforyou.privacy.access.types import Beside, Doing, Duty
from openforyou.privacy.vault.types import Field, Kind, Subject
from tests.privacy.access.conftest import ADA, BEA, KEY, WHY, World, named, seals


def leaves(world: World) -> list[dict[str, object]]:
    with LogWriter.open(world.log, KEY) as writer:
        size = writer.size
    return [json.loads(leaf) for part in Log(FolderSource(world.log)).entries(0, size, size) for leaf in part]


def test_granted_by_another_in_the_open_read_and_told(world: World) -> None:
    request = world.ask()
    with pytest.raises(NotOpen, match="Nobody has granted"):
        world.read(request)
    world.do("gil", Doing.GRANT, request=request)
    told = [one for one in leaves(world) if one["type"] == "access"]
    assert len(told) == 1, "in the log before anything opens"
    assert world.vault.opened == []
    answer = world.read(request)
    assert watermark.unmarked(answer["values"]["email"]).lower() == "ada@post.mail.example.org"
    assert world.ids["sue"] in answer["mark"]
    seen = world.access.looked_at(ADA)[0]
    assert (seen.role, seen.standing, len(seen.reads), seen.fields) == (Duty.SUPPORT, "granted", 1, (Field.EMAIL,))
    assert told[0]["person"] == records.person_mark(bytes.fromhex(seen.salt), ADA), "they find their record"
    assert told[0]["entry"] == seen.entry
    assert all(word not in json.dumps(told) for word in ("ada@", encode_id(ADA.id), "sue", "S-1"))
    assert world.access.looked_at(BEA) == []


def test_nothing_opens_while_the_log_is_dead_and_the_grant_goes_on_later(world: World) -> None:
    request = world.ask()
    world.is_dead = True
    with pytest.raises(NotDurable, match=r"Nothing was opened|does not hold"):
        world.do("gil", Doing.GRANT, request=request)
    with pytest.raises(NotDurable):
        world.read(request)
    assert world.vault.opened == []
    world.is_dead = False
    assert world.read(request)["values"]


def test_a_record_that_was_lost_on_its_way_is_carried_again(world: World) -> None:
    request = world.ask()
    world.carry()
    world.is_dead = True
    with pytest.raises(NotDurable):
        world.do("gil", Doing.GRANT, request=request)
    (lost,) = [seq for seq, _ in world.access.outbox()]
    world.access.carried([lost])
    assert world.access.outbox() == []
    world.access.tick()
    assert [seq for seq, _ in world.access.outbox()] == [lost]


def test_a_log_that_was_cut_opens_nothing(world: World) -> None:
    request = world.ask()
    world.do("gil", Doing.GRANT, request=request)
    world.read(request)
    shutil.rmtree(world.log)
    with pytest.raises(Closed, match="is gone"):
        world.read(request)
    world.reopen()
    with pytest.raises(Closed):
        world.ask()
    assert len(world.vault.opened) == 1


def test_entries_put_back_from_a_copy_close_access_until_two_settle(world: World) -> None:
    world.ask()
    copy = world.folder.with_name("copy")
    shutil.copytree(world.folder, copy)
    request = world.ask(subject=BEA)
    world.do("gil", Doing.GRANT, request=request)
    world.store.close()
    shutil.rmtree(world.folder)
    shutil.copytree(copy, world.folder)  # with its own note of how far it was: only the log knows better
    world.open()
    with pytest.raises(Closed, match="do not know"):
        world.ask(subject=BEA)
    world.do("root", Doing.SETTLE, words="The folder was put back from a backup after a fire.")
    with pytest.raises(SameHand):
        world.do("root", Doing.SETTLE, words="The folder was put back from a backup after a fire.")
    with pytest.raises(Closed):
        world.ask(subject=BEA)
    world.do("deputy", Doing.SETTLE, words="The folder was put back from a backup after a fire.")
    assert world.ask(subject=BEA)


@pytest.mark.parametrize("change", ["UPDATE entries SET by = 'x' WHERE seq = 3", "DELETE FROM entries WHERE seq = 9"])
def test_an_entry_that_was_changed_is_noticed(world: World, change: str) -> None:
    for _ in range(2):
        world.ask(subject=BEA if _ else ADA)
    world.store._connection.execute("PRAGMA foreign_keys=OFF")
    world.store._connection.execute(change)
    assert "not what was written" in world.store.problem()


def test_an_older_file_under_a_newer_height_is_noticed(world: World) -> None:
    copy = world.folder.with_name("copy")
    shutil.copytree(world.folder, copy)
    world.ask()
    world.store.close()
    shutil.copy(copy / "access.sqlite", world.folder / "access.sqlite")
    world.open()
    with pytest.raises(Closed, match="older copy"):
        world.ask()


def test_only_what_was_signed_once_for_this_broker_and_now_counts(world: World) -> None:
    text = world.text("gil", Doing.LOOK)
    with pytest.raises(BadAct, match="signature"):
        world.access.do(text, acts.sign(text, Ed25519PrivateKey.generate()))
    with pytest.raises(BadAct, match="signature"):
        world.access.do(text.replace(world.ids["gil"], world.ids["rae"]), acts.sign(text, world.keys["gil"]))
    signature = acts.sign(text, world.keys["gil"])
    assert world.access.do(text, signature)["me"]["staff"] == world.ids["gil"]
    with pytest.raises(Replayed):
        world.access.do(text, signature)
    foreign = acts.write(Doing.LOOK, world.ids["gil"], "elsewhere/ab12", {}, world.clock.at)
    with pytest.raises(BadAct, match="elsewhere"):
        world.access.do(foreign, acts.sign(foreign, world.keys["gil"]))
    old = world.text("gil", Doing.LOOK)
    world.later(minutes=6)
    with pytest.raises(BadAct, match="Set your clock"):
        world.access.do(old, acts.sign(old, world.keys["gil"]))
    loose = json.dumps(json.loads(old), indent=1)
    with pytest.raises(BadAct, match="canonical"):
        world.access.do(loose, acts.sign(loose, world.keys["gil"]))


def test_a_replayed_grant_is_refused(world: World) -> None:
    text = world.text("gil", Doing.GRANT, request=world.ask())
    signature = acts.sign(text, world.keys["gil"])
    world.access.do(text, signature)
    with pytest.raises(Replayed):
        world.access.do(text, signature)


def test_a_key_of_a_browser_signs_as_well() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    public = acts.check_public(f"p256:{to_base64url(point)}")
    text = "an act"
    r, s = decode_dss_signature(key.sign(acts.signed_bytes(text), ec.ECDSA(SHA256())))
    raw = r.to_bytes(32) + s.to_bytes(32)
    assert acts.verifies(public, raw, acts.signed_bytes(text))
    assert not acts.verifies(public, raw, acts.signed_bytes("another"))
    assert not acts.verifies(public, raw[::-1], acts.signed_bytes(text))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subjects": ["account:1"]}, "never two people"),
        ({"place": "Zürich"}, "a place"),
        ({"address": "192.0.2.0/24"}, "an address"),
        ({"subject": f"{named(ADA)},{named(BEA)}"}, "one person"),
        ({"subject": [named(ADA), named(BEA)]}, "one person"),
        ({"purpose": "curiosity"}, "no published purpose"),
        ({"purpose": "danger_to_life"}, "an emergency"),
        ({"fields": ["event_secret"]}, "does not open"),
        ({"fields": ["email", "email"]}, "each once"),
        ({"fields": []}, "names the fields"),
        ({"minutes": 241}, "1 to 240"),
        ({"minutes": True}, "1 to 240"),
        ({"case": " "}, "needs a case"),
        ({"words": "because"}, "Say why"),
        ({"delay_days": 5, "order": "Court"}, "told at once"),
    ],
)
def test_what_cannot_be_asked(world: World, change: dict[str, object], words: str) -> None:
    with pytest.raises(NotAsked) as refused:
        world.ask(**change)
    assert words in str(refused.value)
    assert refused.value.hint
    assert not world.do("rae", Doing.LOOK)["requests"]


def test_no_purpose_opens_the_secret_of_somebodys_marks() -> None:
    assert not [one for one in PURPOSES if Field.EVENT_SECRET in one.fields]


def test_an_attempt_is_entered_and_told_to_the_person(world: World) -> None:
    with pytest.raises(WrongDuty, match="Your duties"):
        world.ask("tom")
    assert [one.standing for one in world.access.looked_at(ADA)] == ["not_allowed"]
    for _ in range(4):
        with pytest.raises(WrongDuty):
            world.ask("tom")
    assert [one["kind"] for one in world.do("rae", Doing.LOOK)["alarms"]] == ["attempts"]


def test_whoever_is_not_at_home_here_is_refused_by_the_missing_key(world: World) -> None:
    with pytest.raises(ElsewhereAtHome, match="no key"):
        world.ask(subject=Subject(Kind.ACCOUNT, 99))


def test_nobody_grants_their_own_or_in_return(world: World) -> None:
    request = world.ask()
    with pytest.raises(SameHand, match="your own"):
        world.do("sue", Doing.GRANT, request=request)
    with pytest.raises(WrongDuty):
        world.do("rae", Doing.GRANT, request=request)
    world.do("tom", Doing.GRANT, request=request)
    back = world.ask("tom", purpose="claim")
    with pytest.raises(SameHand, match="not given in return"):
        world.do("sue", Doing.GRANT, request=back)
    world.do("gil", Doing.GRANT, request=back)
    world.later(days=31)
    assert world.do("sue", Doing.GRANT, request=world.ask("tom", BEA, purpose="claim"))["standing"] == "granted"


def test_a_longer_way_back_counts_where_it_is_about_the_same(world: World) -> None:
    world.staff("una", Duty.SUPPORT, Duty.GRANTER)
    world.do("una", Doing.GRANT, request=world.ask("sue"))
    world.do("tom", Doing.GRANT, request=world.ask("una", case="S-2"))
    with pytest.raises(SameHand, match="granted to"):
        world.do("sue", Doing.GRANT, request=world.ask("tom", purpose="claim"))
    other = world.ask("tom", BEA, purpose="claim", case="C-9")
    assert world.do("sue", Doing.GRANT, request=other)["standing"] == "granted", "another matter"


@pytest.mark.parametrize("how", ["wish", "minor", "staff"])
def test_a_protected_person_needs_two_and_a_reviewer(world: World, how: str) -> None:
    if how == "wish":
        world.access.choose_protection(ADA, on=True)
        kept = world.store._connection.execute("SELECT outcome FROM entries WHERE doing = 'chosen'").fetchone()[0]
        assert str(ADA.id) not in json.loads(kept).values(), "the list can be read by nobody"
    if how == "staff":
        world.staff("ada", Duty.SUPPORT, account=named(ADA))
    minor = "1" if how == "minor" else "0"
    with pytest.raises(NotAsked, match="too long"):
        world.ask(minor=minor, minutes=61)
    request = world.ask(minor=minor)
    assert "protected" not in world.do("sue", Doing.LOOK)["requests"][0], "whoever asks is not told"
    assert world.do("gil", Doing.GRANT, request=request)["standing"] == "waiting"
    with pytest.raises(NotOpen):
        world.read(request)
    with pytest.raises(SameHand, match="two people"):
        world.do("gil", Doing.GRANT, request=request)
    with pytest.raises(WrongDuty, match="reviewer's"):
        world.do("tom", Doing.GRANT, request=request)
    assert world.do("rae", Doing.GRANT, request=request)["standing"] == "granted"
    assert world.read(request)["values"]


def test_protection_by_staff_and_ones_own_wish_end_each_by_its_own_word(world: World) -> None:
    world.staff("lea", Duty.LEGAL)
    world.do("lea", Doing.PROTECT, subject=named(ADA), on=True)
    assert not world.access.has_chosen_protection(ADA)
    world.access.choose_protection(ADA, on=True)
    world.access.choose_protection(ADA, on=False)
    with pytest.raises(NotAsked, match="too long"):
        world.ask(minutes=61)
    world.access.choose_protection(ADA, on=True)
    world.do("root", Doing.PROTECT, subject=named(ADA), on=False)
    assert world.access.has_chosen_protection(ADA)
    with pytest.raises(NotAsked, match="too long"):
        world.ask(minutes=61)
    world.access.choose_protection(ADA, on=False)
    assert world.ask(minutes=61)


def test_a_seal_that_is_not_handed_in_makes_nobody_of_age(world: World) -> None:
    body = {"subject": named(ADA), "purpose": "account_recovery", "case": "S-1", "fields": ["email"]}
    request = world.do("sue", Doing.REQUEST, **body, minutes=30, words=WHY)["request"]
    assert world.do("gil", Doing.GRANT, request=request)["standing"] == "waiting"


def test_anothers_seal_opens_nothing(world: World) -> None:
    request = world.ask()
    world.do("gil", Doing.GRANT, request=request)
    with pytest.raises(OpenForYouError, match="somebody else"):
        world.do("sue", Doing.READ, beside=Beside(seals(BEA)), request=request)


def test_a_grant_ends_by_time_by_word_and_with_the_duty(world: World) -> None:
    request = world.ask()
    world.do("gil", Doing.GRANT, request=request)
    with pytest.raises(NotOpen, match="somebody else's"):
        world.read(request, "tom")
    world.later(minutes=29)
    world.read(request)
    world.later(minutes=1)
    with pytest.raises(NotOpen, match="ended at"):
        world.read(request)
    world.clock.at -= timedelta(minutes=3)  # set back: the highest time that was seen counts
    with pytest.raises(NotOpen, match="ended at"):
        world.read(request)
    world.later(minutes=3)
    second = world.ask()
    world.do("gil", Doing.GRANT, request=second)
    world.do("rae", Doing.REVOKE, request=second, words="The case was closed an hour ago.")
    with pytest.raises(NotOpen, match="revoked"):
        world.read(second)
    assert [one["type"] for one in (world.carry(), leaves(world))[1]][-1] == "access_end"
    third = world.ask()
    world.do("gil", Doing.GRANT, request=third)
    made = world.do("root", Doing.ENROL, staff=world.ids["sue"], duties=["granter"])
    world.do("deputy", Doing.AGREE, proposal=made["proposal"])
    with pytest.raises(NotOpen, match="do not hold"):
        world.read(third)


def test_a_clock_that_went_far_back_is_an_alarm_and_prolongs_nothing(world: World) -> None:
    request = world.ask()
    world.do("gil", Doing.GRANT, request=request)
    world.later(minutes=31)
    world.do("root", Doing.ENROL, name="Somebody", duties=[], key=acts.public_text(Ed25519PrivateKey.generate()))
    world.clock.at -= timedelta(minutes=20)
    with pytest.raises(Closed, match="clock stands before"):
        world.read(request)
    world.access.tick()
    assert "clock" in [one["kind"] for one in world.do("rae", Doing.LOOK)["alarms"]]
    for who in ("root", "deputy"):
        world.do(who, Doing.SETTLE, words="The machine's clock had run ahead by itself.")
    with pytest.raises(NotOpen, match="revoked"):
        world.read(request)


def test_danger_to_life_opens_at_once_and_is_reviewed_or_blocks(world: World) -> None:
    emergency = {"doing": Doing.EMERGENCY, "purpose": "danger_to_life", "case": ""}
    request = world.ask(**emergency)
    assert world.read(request)["values"]
    assert [one.is_emergency for one in world.access.looked_at(ADA)] == [True], "told at once"
    for reviewer in ("rae", "ray"):
        assert [one["kind"] for one in world.do(reviewer, Doing.LOOK)["alarms"]] == ["emergency"]
    assert world.ask(subject=BEA, **emergency)
    with pytest.raises(Blocked, match="wait for their review"):
        world.ask(subject=BEA, **emergency)
    world.later(days=4)
    world.access.tick()
    world.access.tick()
    kinds = [one["kind"] for one in world.do("rae", Doing.LOOK)["alarms"]]
    assert kinds.count("unreviewed") == 2, "each once"
    with pytest.raises(Blocked, match="within 3 days"):
        world.ask()
    with pytest.raises(WrongDuty):
        world.do("gil", Doing.REVIEW, of=request, right=True, words="It was a real emergency, I think.")
    for one in world.access._desk.book.of(world.ids["sue"]):
        if one.is_emergency:
            world.do("rae", Doing.REVIEW, of=one.id, right=one.id == request, words="I called the police station.")
    assert world.ask(), "asking in the usual way"
    with pytest.raises(Blocked, match="was none"):
        world.ask(subject=BEA, **emergency)


def test_a_delay_needs_its_own_word_ends_and_is_counted_in_the_open(world: World) -> None:
    order = {"purpose": "court_order", "case": "O-7", "delay_days": 30, "order": "District court, 3 May, no. 7"}
    with pytest.raises(NotAsked, match="has an end"):
        world.ask("lea", **(order | {"delay_days": 91}))
    request = world.ask("lea", **order)
    with pytest.raises(NotNow, match="not decided yet"):
        world.do("gil", Doing.GRANT, request=request)
    with pytest.raises(WrongDuty):
        world.do("gil", Doing.DELAY, request=request, agree=True)
    world.do("rae", Doing.DELAY, request=request, agree=True)
    world.do("gil", Doing.GRANT, request=request)
    world.read(request, "lea")
    assert [one.standing for one in world.access.looked_at(ADA)] == ["not_allowed"], "the refused attempt alone"
    types = [one["type"] for one in leaves(world)]
    assert types.count("access") == types.count("access_delay") == 1
    world.later(days=30)
    world.access.tick()
    told, _ = world.access.looked_at(ADA)
    assert (told.delayed_days, len(told.reads)) == (30, 1)
    world.carry()
    assert [one["type"] for one in leaves(world)].count("access_told") == 1


def test_a_delay_that_is_refused_delays_nothing(world: World) -> None:
    request = world.ask("lea", purpose="court_order", case="O-7", delay_days=30, order="District court, no. 7")
    world.do("rae", Doing.DELAY, request=request, agree=False)
    world.do("gil", Doing.GRANT, request=request)
    assert len(world.access.looked_at(ADA)) == 1


def test_the_registry_changes_by_two_administrators_alone(world: World) -> None:
    with pytest.raises(SameHand, match="administrators already"):
        world.access.first("third", acts.public_text(Ed25519PrivateKey.generate()))
    key = acts.public_text(Ed25519PrivateKey.generate())
    with pytest.raises(WrongDuty):
        world.do("rae", Doing.ENROL, name="New", duties=["granter"], key=key)
    made = world.do("root", Doing.ENROL, name="New", duties=["granter"], key=key)
    with pytest.raises(SameHand, match="You proposed"):
        world.do("root", Doing.AGREE, proposal=made["proposal"])
    with pytest.raises(NotAsked, match="stands alone"):
        world.do("root", Doing.ENROL, staff=world.ids["root"], duties=["administrator", "granter"])
    with pytest.raises(NotAsked, match="somebody else's"):
        world.do("root", Doing.ENROL, name="Twin", duties=["granter"], key=acts.public_text(world.keys["gil"]))
    about_self = world.do("root", Doing.ENROL, staff=world.ids["deputy"], key=key)
    with pytest.raises(SameHand, match="about yourself"):
        world.do("deputy", Doing.AGREE, proposal=about_self["proposal"])


def test_every_record_is_in_its_form_and_nothing_else_is(world: World) -> None:
    world.do("gil", Doing.GRANT, request=world.ask())
    for told in leaves(world):
        type_ = str(told.pop("type"))
        assert records.is_sound(type_, told), type_
        assert not records.is_sound(type_, told | {"name": "x"})
        assert not records.is_sound(type_, {**told, "entry": "short"})


def test_two_accesses_of_one_person_cannot_be_told_to_be(world: World) -> None:
    for case in ("S-1", "S-2"):
        world.do("gil", Doing.GRANT, request=world.ask(case=case))
    marks = [one["person"] for one in leaves(world) if one["type"] == "access"]
    assert len(set(marks)) == len(marks) == 2
    assert world.access.forget(ADA) == 2
    assert {one.salt for one in world.access.looked_at(ADA)} == {""}


def test_there_is_no_asking_in_bulk(world: World) -> None:
    for number in range(20):
        world.do("sue", Doing.REVOKE, request=world.ask(case=f"S-{number}"), words="Asked in error, taken back.")
    with pytest.raises(NotAsked, match="no asking in bulk"):
        world.ask()


def test_the_text_of_an_act_is_canonical(world: World) -> None:
    text = world.text("gil", Doing.LOOK)
    assert canonical_json(json.loads(text)).decode() == text
