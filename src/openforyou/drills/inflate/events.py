"""From outside, over HTTP: a viewer, or a script in a viewer's name, who wants one deed to count for many."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from uuid import uuid4

from openforyou.core.encoding import from_base64url, to_base64url
from openforyou.core.ids import ViewerId
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.stage import WATCHED_AFTER_S
from openforyou.drills.viewers import Answer, Viewer
from openforyou.drills.world import World
from openforyou.events.context import read_context, sign_context
from openforyou.events.rules import CONTEXT_LIFE
from openforyou.web.session import VIEWER_COOKIE

TABS = 8
REPLAYS = 10
WATCH_EVENTS, WATCH_EACH_MS = 500, 60_000
ONCE = ("impression", "view", "complete", "like", "share")
COUNTED = ("impressions", "views", "completions", "likes", "shares")


@attack(Seat.VIEWER)
def doubled_like(world: World, case: Case) -> Outcome:
    """Sends one like twice: with the same id, with new ids, and from eight tabs at once."""
    viewer, item = world.viewer(), world.clips[0].id
    before = world.shown(item)["likes"]
    like = viewer.event("like", item)
    answers = [viewer.send([like, like]), viewer.send([like])]
    answers += [viewer.send([viewer.event("like", item)]) for _ in range(TABS)]
    answers += _at_once(world, viewer, item, ["like"] * TABS)
    sent = 3 + 2 * TABS
    taken = sum(answer.count("accepted") + answer.count("repeated") for answer in answers)
    case.did(taken == sent, f"{sent} likes of {item} were sent by one viewer and taken in")
    return _counted_once(world, case, item, ("likes",), (before,), answers)


@attack(Seat.VIEWER)
def like_storm(world: World, case: Case) -> Outcome:
    """Likes, takes it back and likes again, forty times from eight tabs at once."""
    viewer, item = world.viewer(), world.clips[1].id
    before = world.shown(item)["likes"]
    answers = _at_once(world, viewer, item, ["like", "unlike", "like", "unlike", "like"] * TABS)
    sleep(0.01)  # of two words at the same moment the retraction would be the newer
    answers.append(viewer.send([viewer.event("like", item)]))
    turned = sum(answer.count("accepted") for answer in answers)
    case.did(turned > 2, f"41 likes and retractions of {item} were sent and turned it {turned} times")
    return _counted_once(world, case, item, ("likes",), (before,), answers[-1:])


@attack(Seat.SCRIPT)
def replayed_batch(world: World, case: Case) -> Outcome:
    """Captures a batch of its own and sends it again and again, as it was and under new ids."""
    viewer, item = world.viewer(), world.clips[2].id
    before = [world.shown(item)[name] for name in COUNTED]
    sleep(WATCHED_AFTER_S)
    batch = [viewer.event(kind, item) for kind in ONCE]
    answers = [viewer.send(batch) for _ in range(REPLAYS)]
    answers += [viewer.send([{**told, "id": str(uuid4())} for told in batch]) for _ in range(REPLAYS)]
    repeated = sum(answer.count("repeated") for answer in answers)
    words = f"a batch of {len(batch)} events about {item} was sent {2 * REPLAYS} times"
    case.did(answers[0].count("accepted") == len(batch), words)
    case.stood(repeated == (2 * REPLAYS - 1) * len(batch), f"{repeated} of them were answered `repeated`")
    return _counted_once(world, case, item, COUNTED, before, [])


@attack(Seat.SCRIPT)
def batch_of_another(world: World, case: Case) -> Outcome:
    """Sends a batch that it captured from another viewer in its own name, to have it count for both."""
    victim, thief, item = world.viewer(), world.viewer(), world.clips[3].id
    sleep(WATCHED_AFTER_S)
    batch = [victim.event(kind, item) for kind in ONCE]
    first = victim.send(batch)
    case.did(first.count("accepted") == len(batch), f"a batch of {len(batch)} events about {item} was captured")
    return _all_refused(world, case, item, [thief.send([{**told, "id": str(uuid4())} for told in batch])])


@attack(Seat.SCRIPT)
def batch_after_a_day(world: World, case: Case) -> Outcome:
    """Sends a captured batch once more on the next day, when a view would count again."""
    viewer, item = world.viewer(), world.clips[4].id
    # What the server signed a day ago, as it would have been captured then: nobody waits a day for a drill.
    key = world.settings.signing_key()
    fresh = viewer.cards[item]["feed_context"]
    context = read_context(key, fresh, viewer_id=_viewer_id(fresh), now=datetime.now(UTC))
    old = sign_context(key, replace(context, served_at=context.served_at - CONTEXT_LIFE - timedelta(minutes=1)))
    yesterday = (datetime.now(UTC) - CONTEXT_LIFE).isoformat()
    late = [{**viewer.event(kind, item), "feed_context": old} for kind in ONCE]
    early = [{**viewer.event(kind, item), "occurred_at": yesterday} for kind in ONCE]
    case.did(sign_context(key, context) == fresh, f"a feed_context of {item} from yesterday is as the server signed it")
    return _all_refused(world, case, item, [viewer.send(late), viewer.send(early)])


@attack(Seat.SCRIPT)
def made_up_context(world: World, case: Case) -> Outcome:
    """Makes up a feed_context: at random, with one bit turned, with another item put into it, from another's slate."""
    viewer, other = world.viewer(), world.viewer()
    item, wanted = world.clips[5].id, world.clips[6]
    genuine = from_base64url(viewer.cards[item]["feed_context"])
    made_up = [
        secrets.token_bytes(len(genuine)),
        genuine[:-1] + bytes([genuine[-1] ^ 1]),
        genuine[:16] + wanted.number.to_bytes(8, "big") + genuine[24:],
    ]
    events = [{**viewer.event("like", item), "feed_context": to_base64url(raw)} for raw in made_up]
    events.append({**viewer.event("like", item), "feed_context": other.cards[wanted.id]["feed_context"]})
    is_other = all(told["feed_context"] != viewer.cards[item]["feed_context"] for told in events)
    case.did(is_other, f"{len(events)} likes were sent under contexts that were made up or belong to another viewer")
    return _all_refused(world, case, wanted.id, [viewer.send(events)])


@attack(Seat.SCRIPT)
def view_without_watching(world: World, case: Case) -> Outcome:
    """Tells of a view, and of the end, in the moment in which the item was served."""
    viewer, item = world.viewer(), world.clips[7].id
    asked = monotonic()
    card = viewer.open(item)
    answers = [viewer.send([viewer.event("view", item), viewer.event("complete", item)])]
    took_ms = (monotonic() - asked) * 1000
    case.did(bool(card), f"{item} was opened and told as watched to its end within {took_ms:.0f} ms")
    return _all_refused(world, case, item, answers)


@attack(Seat.SCRIPT)
def more_time_than_there_was(world: World, case: Case) -> Outcome:
    """Tells of five hundred minutes watched in a moment."""
    began = monotonic()
    viewer, item = world.viewer(), world.clips[8].id
    before = world.shown(item)["watch_ms"]
    answer = viewer.send([viewer.event("watch", item, watch_ms=WATCH_EACH_MS) for _ in range(WATCH_EVENTS)])
    told_ms = WATCH_EVENTS * WATCH_EACH_MS
    case.did(answer.status == 200, f"{WATCH_EVENTS} events told of {told_ms:,} ms with {item} and were taken in")
    world.settle()
    # A feed_context tells when it was served to the second, rounded down.
    passed_ms = int((monotonic() - began) * 1000) + 1_000
    gained = world.shown(item)["watch_ms"] - before
    case.stood(0 <= gained <= passed_ms, f"{gained:,} ms were counted; {passed_ms:,} ms had passed since it was served")
    return Outcome.PREVENTED


def _at_once(world: World, viewer: Viewer, item: str, kinds: Sequence[str]) -> list[Answer]:
    """One request an event, in equal shares from several tabs of one browser at the same time."""
    cookie = viewer.http.cookies.get(VIEWER_COOKIE) or ""
    each = len(kinds) // TABS

    def tab(number: int) -> list[Answer]:
        one = world.stranger()
        one.http.cookies.set(VIEWER_COOKIE, cookie)
        return [one.send([viewer.event(kind, item)]) for kind in kinds[number * each : (number + 1) * each]]

    with ThreadPoolExecutor(TABS) as tabs:
        return [answer for answers in tabs.map(tab, range(TABS)) for answer in answers]


def _counted_once(
    world: World, case: Case, item: str, names: Sequence[str], before: Sequence[int], answers: Sequence[Answer]
) -> Outcome:
    """That each of those numbers grew by one, and that the log says the same."""
    world.settle()
    now = [world.shown(item)[name] for name in names]
    grown = ", ".join(f"{name} {was} → {is_}" for name, was, is_ in zip(names, before, now, strict=True))
    repeated = sum(answer.count("repeated") for answer in answers)
    words = f"shown are {grown}" + (f" ({repeated} were answered `repeated`)" if repeated else "")
    case.stood([is_ - was for was, is_ in zip(before, now, strict=True)] == [1] * len(names), words)
    case.stood(world.verify().ok, "the log holds as many")
    return Outcome.PREVENTED


def _all_refused(world: World, case: Case, item: str, answers: Sequence[Answer]) -> Outcome:
    """That nothing of it was taken in, each for a reason that is told, and that no number moved."""
    refusals = [words for answer in answers for words in answer.refusals]
    sent = sum(len(answer.body["results"]) for answer in answers)
    case.stood(
        len(refusals) == sent and all(answer.status == 422 for answer in answers),
        f"all {sent} were refused (HTTP {answers[0].status}): {'; '.join(dict.fromkeys(refusals))}",
    )
    world.settle()
    report = world.verify()
    numbers = world.shown(item)
    case.stood(report.ok, f"{item} has {numbers['likes']} likes and {numbers['views']} views, as the log says")
    return Outcome.PREVENTED


def _viewer_id(token: str) -> ViewerId:
    return ViewerId(int.from_bytes(from_base64url(token)[8:16], "big"))
