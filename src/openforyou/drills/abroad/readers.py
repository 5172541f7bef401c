"""Who sits in another region and wants to read somebody of this one."""

from __future__ import annotations

from openforyou.app.keys import enrol_first
from openforyou.core.ids import encode_id
from openforyou.drills.abroad.elsewhere import EMAIL, NORTH, abroad, maker
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import refusal
from openforyou.drills.world import World
from openforyou.privacy.access.types import Doing, Duty
from openforyou.privacy.vault.types import Field, Subject

WHY = "They wrote to support and cannot sign in any more."
NO_KEY = "no_key_here"
FIELDS = {
    "purpose": "account_recovery",
    "case": "S-1",
    "fields": ["email"],
    "minutes": 30,
    "words": WHY,
}


def _ask(subject: Subject) -> dict[str, object]:
    return {**FIELDS, "subject": f"account:{encode_id(subject.id)}"}


@attack(Seat.SUPPORT)
def asks_at_their_own_broker(world: World, case: Case) -> Outcome:
    """A support agent of another region, rightly enrolled there, asks for the e-mail of somebody at home here."""
    subject, _ = maker(world)
    with abroad(world) as north:
        north.enrol("sue", Duty.SUPPORT)
        case.did("sue" in north.ids, f"she is of the staff of {NORTH}, with the duty to help people")
        error = refusal(north.do, "sue", Doing.REQUEST, **_ask(subject))
        case.stood(
            error is not None and error.code == NO_KEY,
            f"her request is refused ({error.code if error else None}): {error.message if error else ''}",
        )
    return Outcome.PREVENTED


@attack(Seat.SUPPORT)
def act_replayed_at_the_home_broker(world: World, case: Case) -> Outcome:
    """An act for the broker of another region is sent to the one of the person's home, by who is of both staffs."""
    subject, _ = maker(world)
    with abroad(world) as north:
        north.enrol("tom", Duty.SUPPORT)
        stranger = refusal(world.platform.access.do, *north.signed("tom", Doing.REQUEST, **_ask(subject)))
        case.stood(stranger is not None, f"from abroad alone: {stranger.message if stranger else ''}")
        north.ids["tom"] = enrol_first(world.settings, "tom", north.public("tom"))
        text, signature = north.signed("tom", Doing.REQUEST, **_ask(subject))
        case.did(
            north.relay.facts()["broker"] in text, "the same person is now of both staffs, and signs for the other"
        )
        foreign = refusal(world.platform.access.do, text, signature)
        case.stood(
            foreign is not None and "broker of 'north'" in foreign.message, f"{foreign.message if foreign else ''}"
        )
    return Outcome.PREVENTED


@attack(Seat.TWO)
def grant_each_other_there(world: World, case: Case) -> Outcome:
    """Two administrators of another region enrol whoever they need, asker and granter, and look from there."""
    subject, sealed = maker(world)
    with abroad(world) as north:
        north.enrol("asker", Duty.SUPPORT, Duty.TRUST)
        north.enrol("giver", Duty.GRANTER)
        case.did(len(north.ids) == 4, "asker and granter are theirs, with every duty that it takes")
        asked = refusal(north.do, "asker", Doing.REQUEST, **_ask(subject))
        case.stood(
            asked is not None and asked.code == NO_KEY, f"nothing comes to be granted: {asked.message if asked else ''}"
        )
        opened = refusal(north.broker.open_own, subject, sealed)
        case.stood(opened is not None, f"and past all acts, the socket answers: {opened.message if opened else ''}")
    return Outcome.PREVENTED


@attack(Seat.ADMINISTRATOR)
def database_at_hand_abroad(world: World, case: Case) -> Outcome:
    """An operator abroad reads the live database, and asks the broker that runs there to open what it holds."""
    subject, sealed = maker(world)
    rows = world.sql("SELECT sealed FROM sealed_fields")
    case.did(len(rows) > 0 and Field.EMAIL in sealed, f"they read all {len(rows)} seals in the database")
    case.stood(all(EMAIL.encode() not in bytes(row[0]) for row in rows), "none of them shows an e-mail")
    with abroad(world) as north:
        error = refusal(north.broker.open_own, subject, sealed)
        case.stood(error is not None and error.code == "wrong_region", f"{error.message if error else ''}")
        case.stood(error is not None and bool(error.hint), f"it says what to do: {error.hint if error else ''}")
    return Outcome.PREVENTED


@attack(Seat.DATABASE)
def seal_relabelled(world: World, case: Case) -> Outcome:
    """The region is written over in a seal and its row, so that a broker abroad takes it for one of its own."""
    subject, sealed = maker(world)
    home = sealed[Field.EMAIL]
    forged = bytes((home[0], len(NORTH))) + NORTH.encode() + home[2 + home[1] :]
    change = "UPDATE sealed_fields SET sealed = %s, region = %s WHERE subject_id = %s AND field = 'email'"
    world.sql(change, forged, NORTH, subject.id)
    try:
        with abroad(world) as north:
            _, read = maker(world)
            case.did(read[Field.EMAIL] == forged, "the database has the forged seal")
            error = refusal(north.broker.open_own, subject, read)
            case.stood(error is not None, f"abroad: {error.message if error else ''}")
            north.broker.seal(subject, {Field.MINOR: b"0"})
            again = refusal(north.broker.open_own, subject, read)
            case.stood(
                again is not None, f"with a key made there for the same number: {again.message if again else ''}"
            )
        at_home = refusal(world.platform.keeper.open_own, subject, read)
        case.stood(at_home is not None, f"at home it is noticed: {at_home.message if at_home else ''}")
    finally:
        world.sql(change, home, "home", subject.id)
    return Outcome.PREVENTED


@attack(Seat.BACKUP)
def copy_carried_abroad(world: World, case: Case) -> Outcome:
    """A copy of all seals is carried away, and a broker is set up there that calls itself by the home region's name."""
    subject, _ = maker(world)
    copy = world.scratch("carried").with_suffix(".rows")
    rows = world.sql("SELECT sealed FROM sealed_fields WHERE subject_id = %s AND field = 'email'", subject.id)
    copy.write_bytes(bytes(rows[0][0]))
    mine = world.platform.keeper.open_own(subject, {Field.EMAIL: copy.read_bytes()})
    case.did(EMAIL.encode() in mine.values(), "the copy is whole: at home it opens")
    with abroad(world, "home") as there:
        there.broker.seal(subject, {Field.MINOR: b"0"})
        error = refusal(there.broker.open_own, subject, {Field.EMAIL: copy.read_bytes()})
        case.stood(error is not None, f"there it does not, under the same name: {error.message if error else ''}")
    return Outcome.PREVENTED
