"""What a cap comes to: rules that act in the open, and caps that come by way of numbers, or that hide what they did."""

from __future__ import annotations

from openforyou.core.ids import decode_id
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import Broken
from openforyou.drills.hidden_cap.staff import (
    ASK_EVERY_S,
    ended,
    felt_by_creator,
    in_force,
    published,
    rules_shown,
    told_to_creator,
    wait_recommended,
    why,
)
from openforyou.drills.readers import found, says
from openforyou.drills.world import World, soon
from openforyou.events.leaf import Record, decode_leaf
from openforyou.events.types import COUNT_NAMES
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.moderation.types import PolicyKind

FREEZE = "1" * 11


@attack(Seat.ADMINISTRATOR)
def cap_that_nobody_mentions(world: World, case: Case) -> Outcome:
    """Publishes a cap on somebody's clip and tells nobody of it."""
    clip = world.clips[6]
    rule = published(world, PolicyKind.CAP, clip.id, limit=0)
    try:
        wait_recommended(world, clip.id, is_so=False)
        case.did(True, f"{clip.id} is no longer recommended, by the cap {rule}")
        felt = felt_by_creator(world, clip.id, rule)
        removed = felt["slates"]["removed"]
        words = (
            f"its creator reads: “{felt['policy']['name']}”, {felt['policy']['does']}; held back in {removed} slates"
        )
        case.stood(felt["is_about"] and removed > 0, words)
        index = rules_shown(world)[rule]["log_index"]
        report = world.verify()
        case.stood(report.ok and _record_at(world, index).get("id") == rule, f"its record is leaf {index} of the log")
    finally:
        ended(world, rule)
        wait_recommended(world, clip.id, is_so=True)
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def effects_erased(world: World, case: Case) -> Outcome:
    """Erases what a cap did from the slates' records and from the creator's tally, to hide that the clip was capped."""
    clip = world.clips[8]
    rule = published(world, PolicyKind.CAP, clip.id, limit=0)
    try:
        wait_recommended(world, clip.id, is_so=False)
        before = felt_by_creator(world, clip.id, rule)["slates"]["removed"]
        world.sql("UPDATE slates SET record = record - 'policies'")
        world.sql("DELETE FROM policy_effects WHERE policy_id = %s", decode_id(rule))
        felt = told_to_creator(world, clip.id, rule)
        after = felt["slates"]["removed"]
        case.did(before > 0 == after, f"the creator was told of {before} slates and is told of {after}")
        words = f"that {clip.id} is capped cannot be hidden: its creator still reads “{felt['policy']['does']}”"
        case.stood(felt["is_about"], words)
        case.stood(in_force(world, rule)["log_index"] is not None and world.verify().ok, "and its record is in the log")
    finally:
        ended(world, rule)
        wait_recommended(world, clip.id, is_so=True)
    return Outcome.PREVENTED


@attack(Seat.DATABASE)
def cap_reached_by_hand(world: World, case: Case) -> Outcome:
    """Raises an item's views in the database, so that a published cap holds it back before its time."""
    clip, limit = world.clips[9], 10**6
    true = world.shown(clip.id)["views"]
    rule = published(world, PolicyKind.CAP, clip.id, limit=limit)
    try:
        world.sql("UPDATE item_counts SET views = %s WHERE item_id = %s", limit, clip.number)
        wait_recommended(world, clip.id, is_so=False)
        case.did(True, f"{clip.id} is no longer recommended: it was given {limit:,} views, and {rule} caps it there")
        problem = found(world.verify(), "count", item=clip.id, count="views", shown=limit, true=true)
        case.stood(problem is not None, says(problem))
    finally:
        world.sql("UPDATE item_counts SET views = %s WHERE item_id = %s", true, clip.number)
        ended(world, rule)
        wait_recommended(world, clip.id, is_so=True)
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def demoted_by_numbers(world: World, case: Case) -> Outcome:
    """Makes an item look disliked in the database, so that the feed puts it last."""
    clip = world.clips[10]
    true = world.shown(clip.id)
    value = _value(world, clip.id)
    try:
        world.sql("UPDATE item_counts SET skips = skips + 9000, likes = 0 WHERE item_id = %s", clip.number)
        lower = soon(lambda: (now := _value(world, clip.id)) < value and (now,), every_s=ASK_EVERY_S)
        if lower is None:
            raise Broken(f"the value of {clip.id} does not fall")
        case.did(True, f"the value of {clip.id} in the feed fell from {value} to {lower[0]}")
        report = world.verify()
        for name, shown in (("skips", true["skips"] + 9_000), ("likes", 0)):
            problem = found(report, "count", item=clip.id, count=name, shown=shown, true=true[name])
            case.stood(problem is not None, says(problem))
    finally:
        restored = true["skips"], true["likes"], clip.number
        world.sql("UPDATE item_counts SET skips = %s, likes = %s WHERE item_id = %s", *restored)
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def frozen_without_record(world: World, case: Case) -> Outcome:
    """Freezes the numbers of an item in the database, as a published freeze would, without one."""
    clip = world.clips[11]
    shown = world.shown(clip.id)["likes"]
    whole = ", ".join(f"'{name}', {name}" for name in COUNT_NAMES)
    try:
        world.sql(
            f"UPDATE item_counts SET frozen_by = %s, frozen = jsonb_build_object({whole}) WHERE item_id = %s",  # noqa: S608
            FREEZE,
            clip.number,
        )
        viewer = world.viewer()
        viewer.send([viewer.event("like", clip.id)])
        world.settle()
        still = world.shown(clip.id)["likes"]
        case.did(still == shown, f"{clip.id} was liked once more, and {still} likes are shown as before")
        problem = found(world.verify(), "count", item=clip.id, count="likes", shown=shown, true=shown + 1)
        case.stood(problem is not None, says(problem))
    finally:
        world.sql("UPDATE item_counts SET frozen_by = '', frozen = NULL WHERE item_id = %s", clip.number)
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def weights_by_hand(world: World, case: Case) -> Outcome:
    """Names other ranking weights in the database, to have slates ranked by weights that were not published."""
    kept = world.sql("SELECT seq, digest FROM weights_records")
    try:
        world.sql("UPDATE weights_records SET digest = %s", "0" * 64)
        changed = world.sql("SELECT count(*) FROM weights_records WHERE digest = %s", "0" * 64)[0][0]
        case.did(changed == len(kept) > 0, f"{changed} record of weights names others")
        ranked_by = why(world, world.clips[0].id)["weights"]
        logged = str(_newest_weights(world)["digest"])
        words = f"the next slate was ranked by the weights {ranked_by}, as the log names them"
        case.stood(logged.startswith(ranked_by), words)
        case.stood(world.verify().ok, "which hold the values that stand there")
    finally:
        for seq, digest in kept:
            world.sql("UPDATE weights_records SET digest = %s WHERE seq = %s", digest, seq)
    return Outcome.PREVENTED


def _value(world: World, item: str) -> float:
    """What an item is worth to somebody new, as recorded with the slate."""
    return float(why(world, item)["value"])


def _record_at(world: World, index: int) -> dict[str, object]:
    size = world.checkpoint().size
    (leaf,) = next(iter(Log(FolderSource(world.log_folder)).entries(index, index + 1, size)))
    told = decode_leaf(leaf)
    return dict(told.body) if isinstance(told, Record) else {}


def _newest_weights(world: World) -> dict[str, object]:
    size = world.checkpoint().size
    leaves = [leaf for part in Log(FolderSource(world.log_folder)).entries(0, size, size) for leaf in part]
    records = [told for leaf in leaves if leaf[:1] == b"{" and isinstance(told := decode_leaf(leaf), Record)]
    return dict([record for record in records if record.type == "weights"][-1].body)
