"""Rows written by hand, as a database superuser can: a right given, a flag taken away, a guardian's word invented."""

from __future__ import annotations

from openforyou.core.ids import encode_id
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.minors.home import TYPED, Home, home, refused
from openforyou.drills.world import World

FORGED = 7
SEAL = "SELECT sealed FROM sealed_fields WHERE kind = 'account' AND subject_id = %s AND field = 'minor'"
FORGE = "UPDATE sealed_fields SET sealed = %s WHERE kind = 'account' AND subject_id = %s AND field = 'minor'"
ROW = (
    'INSERT INTO rights (id, "right", subject_kind, subject_id, granted_by, evidence, since) '
    "VALUES (%s, 'recommend', 'item', %s, 'guardian:x', 'their guardian says so', now()), "
    "(%s, 'show', 'item', %s, 'guardian:x', 'their guardian says so', now())"
)


def _wrong(world: World) -> str:
    """What `openforyou rights check` names."""
    world.settle()
    verdict = world.platform.proving.check()
    return "; ".join([*(one.says for one in verdict.wrongs), *world.platform.minors.check()])


@attack(Seat.DATABASE)
def right_written_by_hand(world: World, case: Case) -> Outcome:
    """Writes the rights of a minor's clip into the table that the feed reads."""
    there = home(world)
    before = _wrong(world)
    case.did(before == "", "all agrees beforehand")
    world.sql(ROW, FORGED, there.item, FORGED + 1, there.item)
    try:
        shown = there.stranger.http.get(f"/v1/items/{there.clip.id}").status_code
        case.did(shown == 200, "the clip's page is shown to everybody")
        found = _wrong(world)
        case.stood(there.clip.id in found and "nobody gave on record" in found, f"it is named: {found}")
    finally:
        world.sql("DELETE FROM rights WHERE id IN (%s, %s)", FORGED, FORGED + 1)
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def word_of_a_guardian_invented(world: World, case: Case) -> Outcome:
    """Turns a refusal on record into a guardian's grant, and writes the right that follows from it."""
    there = home(world)
    event = _refusal(world, there)
    world.sql("UPDATE right_events SET act = 'grant' WHERE id = %s", event)
    try:
        case.did(True, "the refusal of `show` reads as a grant")
        found = _wrong(world)
        named = encode_id(event) in found and "not what was put on record" in found
        case.stood(named, f"it is named: {found}")
    finally:
        world.sql("UPDATE right_events SET act = 'refuse' WHERE id = %s", event)
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def minor_made_an_adult(world: World, case: Case) -> Outcome:
    """Unguards every minor's creator; and puts an adult's seal in the place of each that makes an account a minor's."""
    there = home(world)
    adult = world.platform.accounts.of_email("parent@minors.invalid").id
    minors = [world.platform.accounts.of_email(f"{name}@minors.invalid").id for name in ("child", "sibling")]
    kept = {one: world.sql(SEAL, one)[0][0] for one in (adult, *minors)}
    world.sql("UPDATE creators SET guarded = false WHERE guarded")
    for one in minors:
        world.sql(FORGE, kept[adult], one)
    try:
        told = there.child.ask("/v1/account")
        case.stood(told["is_minor"] is True, "a session goes by what was sealed into it")
        code = refused(there.child, "POST", "/v1/sessions", {"email": "child@minors.invalid", "password": TYPED})
        case.stood(code == "403 seal_unopened", f"signing in with the other's seal is refused: {code}")
        found = _wrong(world)
        case.did(found != "", "the creator is not guarded any more")
        case.stood("its creator is not guarded" in found, f"it is named: {found}")
        held = world.platform.catalog.rights.of_item(there.item)
        case.stood(held == frozenset(), "and the clip carries no right all the same")
    finally:
        world.sql("UPDATE creators SET guarded = true WHERE handle = 'child'")
        for one in minors:
            world.sql(FORGE, kept[one], one)
    return Outcome.DETECTED


def _refusal(world: World, there: Home) -> int:
    query = "SELECT id FROM right_events WHERE subject_id = %s AND \"right\" = 'show' AND act = 'refuse'"
    return int(world.sql(query, there.item)[0][0])
