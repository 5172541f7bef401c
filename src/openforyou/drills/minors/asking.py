"""What a minor is talked into, or does by themselves: no tick of theirs gives anything away."""

from __future__ import annotations

from openforyou.catalog.types import Right
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.minors.home import home, refused
from openforyou.drills.world import World

YES = {"show": True, "recommend": True, "learn": True}


@attack(Seat.CREATOR)
def clip_asked_to_be_recommended(world: World, case: Case) -> Outcome:
    """A minor ticks every right at the upload, and ticks them again on the clip's page."""
    there = home(world)
    case.did(there.clip.id in str(there.child.ask("/v1/uploads")), "a clip is published with all rights ticked")
    again = refused(there.child, "PUT", f"/v1/items/{there.clip.id}/rights", YES)
    case.stood(again == "403 right_refused", f"ticking them again is refused: {again}")
    held = world.platform.catalog.rights.of_item(there.item)
    case.stood(held == frozenset(), "the clip carries no right")
    served = world.viewer().cards
    case.stood(there.clip.id not in served and len(served) > 0, f"it is not among {len(served)} clips that are served")
    page = there.stranger.http.get(f"/v1/items/{there.clip.id}").status_code
    case.stood(page == 404, "its page is not found by anybody else")
    case.stood(there.clip.id in str(there.child.ask("/v1/uploads")), "and the minor sees it themselves")
    return Outcome.PREVENTED


@attack(Seat.VIEWER)
def profile_forced(world: World, case: Case) -> Outcome:
    """Turns profiling on for a minor: by the API, and then in the row itself."""
    there = home(world)
    chosen = there.child.ask("/v1/controls")
    case.did(chosen["profiling"] is False, "a minor's feed begins without profiling")
    code = refused(there.child, "PUT", "/v1/controls", chosen | {"profiling": True})
    case.stood(code == "403 profiling_guarded", f"turning it on is refused: {code}")
    world.sql("UPDATE viewer_controls SET profiling = true WHERE guarded")
    try:
        case.stood(there.child.ask("/v1/controls")["profiling"] is False, "the row rewritten changes nothing")
    finally:
        world.sql("UPDATE viewer_controls SET profiling = false WHERE guarded")
    return Outcome.PREVENTED


@attack(Seat.VIEWER)
def learning_ticked_by_themselves(world: World, case: Case) -> Outcome:
    """A minor says yes to being learned from, before a guardian does and after a guardian said no."""
    there = home(world)
    first = refused(there.child, "PUT", "/v1/rights", {"learn": True})
    case.did(first != "", "a minor says yes to being learned from")
    case.stood(first == "403 right_refused", f"it is refused: {first}")
    ward = f"/v1/guardian/wards/{there.ward}"
    given = there.parent.http.put(ward, json={"learn": True}).json()
    case.did(given["learn"] is True, "the guardian says yes")
    taken = there.parent.http.put(ward, json={"learn": False}).json()
    case.stood(taken["learn"] is False, "the guardian takes it back, and it ends at once")
    after = refused(there.child, "PUT", "/v1/rights", {"learn": True})
    case.stood(after == "403 right_refused", f"the minor cannot bring it back: {after}")
    allowed = world.sql("SELECT count(*) FROM rights WHERE subject_kind = 'viewer' AND \"right\" = $$learn$$")[0][0]
    case.stood(Right.LEARN.value == "learn" and allowed == 0, "no grant stands for a minor's history")
    return Outcome.PREVENTED
