"""In the database, as its superuser: what was accepted is changed on its way into the log."""

from __future__ import annotations

import re
import secrets
from collections import Counter

from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import Broken
from openforyou.drills.readers import found, says
from openforyou.drills.viewers import Viewer
from openforyou.drills.world import World, soon
from openforyou.events.leaf import NULLIFIER_BYTES, Action, Deed, decode_leaf, encode_deed
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource

FORGED = 5
_ENQUEUE = """
WITH moved AS (UPDATE log_state SET queued = queued + %s RETURNING queued - %s AS first)
INSERT INTO pending_leaves (seq, leaf)
SELECT first + place - 1, leaf FROM moved, unnest(%s::bytea[]) WITH ORDINALITY AS given (leaf, place)
"""


@attack(Seat.DATABASE)
def numbers_ahead_of_the_log(world: World, case: Case) -> Outcome:
    """Raises the size of the log at which the numbers are said to hold, to put off whoever counts again."""
    more = 1_000
    world.settle()
    heard = world.heard()
    ((said,),) = world.sql("UPDATE log_state SET folded = folded + %s RETURNING folded", more)
    try:
        size, published = world.ask("/v1/counts")["log_size"], said - more
        case.did(size == said, f"the numbers are said to hold at {size:,} leaves; the log had {published:,}")
        # What was served just before may have been on its way into the log: then one more batch is published.
        problem = soon(lambda: found(world.verify(), "ahead", shown=size, true=world.checkpoint().size))
        case.stood(problem is not None, says(problem))
        world.viewer()  # whatever is served has a leaf, so the sequencer has something to do
        refused = soon(lambda: "rolled back" in (words := refusal(world.said(heard))) and words)
        case.stood(bool(refused), f"the sequencer does not go on: {refused}")
    finally:
        world.sql("UPDATE log_state SET folded = folded - %s", more)
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def retraction_dropped(world: World, case: Case) -> Outcome:
    """Deletes an unlike that was accepted, before it is published."""
    viewer, clip = world.viewer(), world.clips[3]
    viewer.send([viewer.event("like", clip.id)])
    world.settle()
    published = world.checkpoint().size
    heard = world.heard()
    with world.paused_sequencer():
        answer = viewer.send([viewer.event("unlike", clip.id)])
        seq, leaf, _ = _waiting(world, Action.LIKE, clip.number)
        world.sql("DELETE FROM pending_leaves WHERE seq = %s", seq)
    try:
        words = f"an unlike of {clip.id} was accepted, and its leaf deleted before it was published"
        case.did(answer.count("accepted") == 1, words)
        refused = soon(lambda: refusal(world.said(heard)))
        size = world.checkpoint().size
        words = f"the sequencer does not go on without it, and the log stays at {size:,} leaves: {refused}"
        case.stood(bool(refused) and size == published, words)
    finally:
        world.sql("INSERT INTO pending_leaves (seq, leaf) VALUES (%s, %s)", seq, leaf)
    world.settle()
    case.stood(world.checkpoint().size > published, "with the leaf put back it was published")
    return Outcome.PREVENTED


@attack(Seat.DATABASE)
def retraction_dropped_without_a_gap(world: World, case: Case) -> Outcome:
    """Deletes an accepted unlike before it is published, and closes the gap in the numbering behind it."""
    viewer, clip = world.viewer(), world.clips[11]
    viewer.send([viewer.event("like", clip.id)])
    world.settle()
    before = world.shown(clip.id)["likes"]
    with world.paused_sequencer():
        unlike = viewer.event("unlike", clip.id)
        viewer.send([unlike])
        seq, _, _ = _waiting(world, Action.LIKE, clip.number)
        world.sql("DELETE FROM pending_leaves WHERE seq = %s", seq)
        world.sql("UPDATE pending_leaves SET seq = seq - 1 WHERE seq > %s", seq)
        world.sql("UPDATE log_state SET queued = queued - 1")
    viewer.open(clip.id)
    world.settle()
    after = world.shown(clip.id)["likes"]
    case.did(after == before, f"an accepted unlike of {clip.id} was dropped: {after} likes are shown, as before it")
    return _without_receipt(case, viewer, str(unlike["id"]))


@attack(Seat.DATABASE)
def like_turned_to_another_item(world: World, case: Case) -> Outcome:
    """Rewrites an accepted like into one of another item, before it is published."""
    viewer, liked, wanted = world.viewer(), world.clips[4], world.clips[5]
    before = world.shown(wanted.id)["likes"]
    with world.paused_sequencer():
        like = viewer.event("like", liked.id)
        viewer.send([like])
        seq, _, deed = _waiting(world, Action.LIKE, liked.number)
        forged = encode_deed(deed._replace(subject=wanted.number))
        world.sql("UPDATE pending_leaves SET leaf = %s WHERE seq = %s", forged, seq)
    world.settle()
    shown = world.shown(wanted.id)["likes"]
    case.did(shown == before + 1, f"a like of {liked.id} went into the log as one of {wanted.id}: {before} → {shown}")
    return _without_receipt(case, viewer, str(like["id"]))


@attack(Seat.DATABASE, ruins="the log holds the forged leaves for ever")
def like_put_in_again(world: World, case: Case) -> Outcome:
    """Puts copies of a like that the log holds on their way into the log, under the same nullifier."""
    clip = world.clips[6]
    leaf = encode_deed(_held(world, Action.LIKE, clip.number)[0])
    before, after = _put(world, clip.id, [leaf] * FORGED)
    case.did(after == before + FORGED, f"the page of {clip.id} shows {after} likes, {before} before")
    report = world.verify()
    doubled = found(report, "doubled", item=clip.id)
    count = found(report, "count", item=clip.id, count="likes", shown=after, true=before)
    case.stood(doubled is not None, says(doubled))
    case.stood(count is not None, says(count))
    return Outcome.DETECTED


@attack(Seat.DATABASE, ruins="the log holds the forged leaves for ever")
def turns_left_out(world: World, case: Case) -> Outcome:
    """Puts the third and fifth turn of a like in, without the retractions between them."""
    clip = world.clips[7]
    held = _held(world, Action.LIKE, clip.number)
    turns = Counter(deed.nullifier for deed in held)
    deed = next(deed for deed in held if turns[deed.nullifier] == 1)
    before, after = _put(world, clip.id, [encode_deed(deed._replace(value=turn)) for turn in (3, 5)])
    case.did(after == before + 2, f"the page of {clip.id} shows {after} likes, {before} before")
    report = world.verify()
    missing = found(report, "missing_turn", item=clip.id)
    count = found(report, "count", item=clip.id, count="likes", shown=after, true=before)
    case.stood(missing is not None, says(missing))
    case.stood(count is not None, says(count))
    return Outcome.DETECTED


@attack(Seat.DATABASE, ruins="the log holds the forged leaf for ever")
def nullifier_used_for_another_item(world: World, case: Case) -> Outcome:
    """Lets the nullifier of one like stand for likes of other items as well."""
    clip, other = world.clips[8], world.clips[9]
    deed = _held(world, Action.LIKE, clip.number)[0]
    before, after = _put(world, other.id, [encode_deed(deed._replace(subject=other.number, value=1))])
    case.did(after == before + 1, f"the page of {other.id} shows {after} likes, {before} before")
    problem = found(world.verify(), "reused_nullifier", item=other.id)
    case.stood(problem is not None, says(problem))
    return Outcome.DETECTED


def invented(clip_number: int) -> bytes:
    """A like by a viewer whom nobody ever saw: what no log can tell from a real one (docs/drills.md)."""
    return encode_deed(Deed(Action.LIKE, clip_number, 1, secrets.token_bytes(NULLIFIER_BYTES)))


def put_into_the_log(world: World, leaves: list[bytes]) -> None:
    """Put leaves on their way past the intake, and wait until they are published and folded."""
    world.sql(_ENQUEUE, len(leaves), len(leaves), leaves)
    world.settle()


def _without_receipt(case: Case, viewer: Viewer, event: str) -> Outcome:
    """That the sender of an accepted event, asking for its receipt, learns that the log does not hold it."""

    def asked() -> tuple[int, str] | None:
        answer = viewer.http.get(f"/v1/events/{event}/receipt")
        if answer.status_code == 503:
            return None  # it is said to wait, which proves nothing
        return answer.status_code, "" if answer.status_code == 200 else str(answer.json()["error"])

    status, told = soon(asked) or (503, "it waits for ever")
    case.stood(status == 409, f"its viewer asks for the receipt, and gets none: HTTP {status}, {told}")
    return Outcome.DETECTED


def _put(world: World, item: str, leaves: list[bytes]) -> tuple[int, int]:
    """The likes shown of the item before and after."""
    before = world.shown(item)["likes"]
    put_into_the_log(world, leaves)
    return before, world.viewer().open(item)["counts"]["likes"]


def _held(world: World, action: Action, subject: int) -> list[Deed]:
    """What the log holds of an action on an item, in its order."""
    size = world.checkpoint().size
    leaves = [leaf for part in Log(FolderSource(world.log_folder)).entries(0, size, size) for leaf in part]
    return [deed for leaf in leaves if isinstance(deed := decode_leaf(leaf), Deed) and deed[:2] == (action, subject)]


def _waiting(world: World, action: Action, subject: int) -> tuple[int, bytes, Deed]:
    """The number and the leaf of an action on an item that waits for the log. Raises `Broken` where there is none."""
    for seq, leaf in world.sql("SELECT seq, leaf FROM pending_leaves"):
        deed = decode_leaf(bytes(leaf))
        if isinstance(deed, Deed) and deed[:2] == (action, subject):
            return seq, bytes(leaf), deed
    raise Broken(f"no {action.name.lower()} waits for the log")


def refusal(said: str) -> str:
    """Why the sequencer says that it publishes nothing, in its newest words; empty: it does not say so."""
    told = re.findall(r"nothing is published: (.+)", said)
    told = told or re.findall(r"nothing is published; (?:.|\n)*?\n(\w*Error: .+)", said)
    return str(told[-1]).strip() if told else ""
