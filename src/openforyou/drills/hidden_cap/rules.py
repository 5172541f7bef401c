"""In the database, as its superuser: rules are written, tightened, borrowed or taken away without the log knowing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from openforyou.core.ids import decode_id, encode_id, new_id
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.hidden_cap.staff import ended, in_force, is_recommended, published, rules_shown, until
from openforyou.drills.readers import found, says
from openforyou.drills.world import Heard, World, soon
from openforyou.moderation.types import PolicyKind
from openforyou.recommend.snapshot.live import LOOK_EVERY_S

SILENT = "made without a record"
LOOKS = 3


@attack(Seat.DATABASE)
def unpublished_rules(world: World, case: Case) -> Outcome:
    """Writes a cap, a demotion and a cross-post limit into the table of rules, with no record in the log."""
    clip, heard = world.clips[0], world.heard()
    try:
        ids = [
            _written(world, kind=PolicyKind.CAP, scope_kind="item", scope_id=clip.number, limit=0),
            _written(world, kind=PolicyKind.DEMOTE, scope_kind="item", scope_id=clip.number, factor=0.05),
            _written(world, kind=PolicyKind.CROSS_POST_LIMIT, scope_kind="cross_posts", limit=0),
        ]
        held = world.sql("SELECT count(*) FROM policies WHERE reason = %s", SILENT)[0][0]
        case.did(held == len(ids), f"{held} rules stand in the table, among them one that caps {clip.id} at 0 views")
        return _refused_and_idle(world, case, heard, clip.id, ids)
    finally:
        world.sql("DELETE FROM policies WHERE reason = %s", SILENT)


@attack(Seat.DATABASE)
def borrowed_record(world: World, case: Case) -> Outcome:
    """Writes a cap that points to the record of another rule, which was published."""
    clip, other, heard = world.clips[1], world.clips[2], world.heard()
    lent = published(world, PolicyKind.CAP, other.id, limit=10**9)
    try:
        seq = world.sql("SELECT seq FROM policies WHERE id = %s", decode_id(lent))[0][0]
        ids = [_written(world, kind=PolicyKind.CAP, scope_kind="item", scope_id=clip.number, limit=0, seq=seq)]
        sharing = world.sql("SELECT count(*) FROM policies WHERE seq = %s", seq)[0][0]
        case.did(sharing == 2, f"the rule {ids[0]} caps {clip.id} at 0 views and points to the record of {lent}")
        return _refused_and_idle(world, case, heard, clip.id, ids)
    finally:
        world.sql("DELETE FROM policies WHERE reason = %s", SILENT)
        ended(world, lent)


@attack(Seat.DATABASE)
def published_cap_lowered(world: World, case: Case) -> Outcome:
    """Lowers the limit of a published cap to 0 views."""
    clip, heard, limit = world.clips[3], world.heard(), 10**9
    rule = published(world, PolicyKind.CAP, clip.id, limit=limit)
    try:
        world.sql('UPDATE policies SET "limit" = 0 WHERE id = %s', decode_id(rule))
        held = world.sql('SELECT "limit" FROM policies WHERE id = %s', decode_id(rule))[0][0]
        case.did(held == 0, f"the table says that {rule} caps {clip.id} at {held} views; its record says {limit:,}")
        words = _said(world, heard, rule)
        case.stood("altered" in words, f"the server says: {words}")
        case.stood(_stays(world, clip.id), f"{clip.id} is recommended as before")
        shown = rules_shown(world)[rule]["limit"]
        case.stood(shown == limit, f"GET /v1/policies shows its limit as {shown:,}")
        case.stood(world.verify().ok, "that is what the log says")
    finally:
        world.sql('UPDATE policies SET "limit" = %s WHERE id = %s', limit, decode_id(rule))
        ended(world, rule)
    return Outcome.PREVENTED


@attack(Seat.DATABASE)
def rule_ended_on_paper(world: World, case: Case) -> Outcome:
    """Marks a published cap as ended, so that it is listed as past while it goes on."""
    clip, heard = world.clips[4], world.heard()
    rule = published(world, PolicyKind.CAP, clip.id, limit=10**9)
    number = decode_id(rule)
    try:
        world.sql("UPDATE policies SET ended_at = now(), end_reason = %s, end_seq = seq WHERE id = %s", SILENT, number)
        held = world.sql("SELECT end_reason FROM policies WHERE id = %s", number)[0][0]
        case.did(held == SILENT, f"the table says that {rule} has ended")
        words = _said(world, heard, rule)
        case.stood("goes on" in words, f"the server says: {words}")
        standing = rules_shown(world)[rule]["standing"]
        case.stood(standing == "in_force", f"GET /v1/policies shows it as {standing}")
        case.stood(world.verify().ok, "that is what the log says")
    finally:
        world.sql("UPDATE policies SET ended_at = NULL, end_reason = NULL, end_seq = NULL WHERE id = %s", number)
        ended(world, rule)
    return Outcome.PREVENTED


@attack(Seat.ADMINISTRATOR)
def rule_withheld(world: World, case: Case) -> Outcome:
    """Takes a published rule off the list of rules, and starts the server anew so that it forgets it."""
    clip = world.clips[5]
    rule = published(world, PolicyKind.CAP, clip.id, limit=10**9)
    leaf = in_force(world, rule)["log_index"]
    kept = world.sql("DELETE FROM policies WHERE id = %s RETURNING *", decode_id(rule))
    try:
        case.did(rule in rules_shown(world), f"{rule} is taken out of the table; a server that runs still shows it")
        world.restart_server()
        case.did(rule not in rules_shown(world), "started anew, it shows it no more")
        problem = found(world.verify(), "hidden_rule", policy=rule, leaf=leaf)
        case.stood(problem is not None, says(problem))
    finally:
        world.sql(f"INSERT INTO policies VALUES ({', '.join(['%s'] * len(kept[0]))})", *kept[0])  # noqa: S608
        in_force(world, rule)
        ended(world, rule)
    return Outcome.DETECTED


def _written(world: World, *, kind: PolicyKind, scope_kind: str, seq: int = 0, **said: Any) -> str:
    """A row as the platform writes them, but by hand; the public id of the rule."""
    rule = new_id()
    row: dict[str, Any] = {
        "id": rule,
        "kind": kind.value,
        "name": "Quiet",
        "reason": SILENT,
        "scope_kind": scope_kind,
        "seq": seq,
    }
    row |= {"since": datetime.now(UTC).replace(microsecond=0), **said}
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join(["%s"] * len(row))
    world.sql(f"INSERT INTO policies ({names}) VALUES ({marks})", *row.values())  # noqa: S608 - our own columns
    return encode_id(rule)


def _refused_and_idle(world: World, case: Case, heard: Heard, item: str, rules: list[str]) -> Outcome:
    """That the rules are refused aloud, do nothing, and are shown as no rules."""
    words = [_said(world, heard, rule) for rule in rules]
    case.stood(all(words), f"the server says: {words[0]}")
    case.stood(_stays(world, item), f"{item} is recommended as before, {LOOKS} looks of the feed later")
    case.stood(not rules_shown(world).keys() & set(rules), "GET /v1/policies does not show them")
    case.stood(world.verify().ok, "nor does the log know them")
    return Outcome.PREVENTED


def _said(world: World, heard: Heard, rule: str) -> str:
    """What the server says of a rule."""

    def look() -> str:
        return next((line for line in world.said(heard).splitlines() if rule in line), "")

    return soon(look) or ""


def _stays(world: World, item: str) -> bool:
    """Whether an item is recommended, and still is after some looks of the feed at the rules."""
    return all(is_recommended(world, item) and until(LOOK_EVERY_S) for _ in range(LOOKS))
