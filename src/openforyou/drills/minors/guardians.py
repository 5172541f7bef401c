"""False guardians: the minor themselves, another minor, a stranger without a code, and one with an old code."""

from __future__ import annotations

from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.minors.home import home, invitation, refused
from openforyou.drills.world import World

DOOR = "/v1/guardian/wards"


@attack(Seat.VIEWER)
def guardian_of_oneself(world: World, case: Case) -> Outcome:
    """A minor invites a guardian and accepts it themselves; then another minor does."""
    there = home(world)
    code = invitation(there.child)
    case.did(len(code) == 16, "a code is given out")
    own = refused(there.child, "POST", DOOR, {"code": code})
    case.stood(own == "403 not_allowed", f"the minor is refused: {own}")
    other = refused(there.sibling, "POST", DOOR, {"code": code})
    case.stood(other == "403 not_allowed", f"another minor is refused: {other}")
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def stranger_without_a_code(world: World, case: Case) -> Outcome:
    """A stranger makes up codes, uses one again, uses an expired one, and decides under the parent's number."""
    there = home(world)
    case.did(len(there.parent.ask(DOOR)) == 1, "the minor has a guardian, and the stranger is none")
    made_up = refused(there.stranger, "POST", DOOR, {"code": "2" * 16})
    case.stood(made_up == "403 bad_invitation", f"a code that is made up is refused: {made_up}")
    code = invitation(there.child)
    world.sql("UPDATE guardian_invitations SET expires_at = now() - interval '1 second'")
    late = refused(there.stranger, "POST", DOOR, {"code": code})
    case.stood(late == "403 bad_invitation", f"a code that has expired is refused: {late}")
    older = invitation(there.child)
    invitation(there.child)
    void = refused(there.stranger, "POST", DOOR, {"code": older})
    case.stood(void == "403 bad_invitation", f"a code that another replaced is refused: {void}")
    for path, body in ((f"{DOOR}/{there.ward}", {"learn": True}), (f"{DOOR}/{there.ward}/items/{there.clip.id}", YES)):
        code = refused(there.stranger, "PUT", path, body)
        case.stood(code == "404 not_a_guardian", f"deciding under the guardian's number is refused: {code}")
    return Outcome.PREVENTED


YES = {"show": True, "recommend": True, "learn": True}
