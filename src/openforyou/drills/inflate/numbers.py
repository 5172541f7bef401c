"""In the database, as its superuser: the numbers themselves are changed where they are stored."""

from __future__ import annotations

from openforyou.core.ids import encode_id, new_id
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.readers import command, found, says
from openforyou.drills.world import World
from openforyou.events.types import COUNT_NAMES

# ruff: noqa: S608 - the only names put into these statements are our own columns'.


@attack(Seat.DATABASE)
def likes_times_ten(world: World, case: Case) -> Outcome:
    """Multiplies the likes of an item by ten."""
    clip = world.clips[0]
    true = world.shown(clip.id)["likes"]
    try:
        world.sql("UPDATE item_counts SET likes = likes * 10 WHERE item_id = %s", clip.number)
        card = world.viewer().open(clip.id)["counts"]["likes"]
        case.did(card == 10 * true > 0, f"the page of {clip.id} shows {card} likes; there were {true}")
        problem = found(world.verify(), "count", item=clip.id, count="likes", shown=10 * true, true=true)
        case.stood(problem is not None, says(problem))
        code, words = command(world.url)
        case.stood(
            code != 0 and problem is not None and problem.says in words,
            f"`openforyou verify {world.url}` ends with exit code {code}",
        )
    finally:
        world.sql("UPDATE item_counts SET likes = %s WHERE item_id = %s", true, clip.number)
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def numbers_of_nothing(world: World, case: Case) -> Outcome:
    """Writes a row of numbers for an item of which the log knows nothing."""
    item = new_id()
    public = encode_id(item)
    try:
        world.sql("INSERT INTO item_counts (item_id, views, likes) VALUES (%s, 100000, 5000)", item)
        row = world.shown(public)
        case.did(row["likes"] == 5_000, f"{public}, of which nothing is in the log, is shown with {row['likes']} likes")
        problem = found(world.verify(), "count", item=public, count="likes", shown=5_000, true=0)
        case.stood(problem is not None, says(problem))
    finally:
        world.sql("DELETE FROM item_counts WHERE item_id = %s", item)
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def followers_of_nobody(world: World, case: Case) -> Outcome:
    """Gives a creator a thousand followers."""
    clip = world.clips[0]
    true = world.followers(clip.creator)
    number = "(SELECT creator_id FROM items WHERE id = %s)"
    try:
        world.sql(f"UPDATE creator_counts SET followers = followers + 1000 WHERE creator_id = {number}", clip.number)
        shown = world.followers(clip.creator)
        page = world.viewer().ask("/v1/creators/maker")["followers"]
        case.did(page == shown == true + 1_000, f"the page of @maker shows {page:,} followers; there were {true}")
        problem = found(world.verify(), "count", creator=clip.creator, count="followers", shown=shown, true=true)
        case.stood(problem is not None, says(problem))
    finally:
        world.sql(f"UPDATE creator_counts SET followers = {true} WHERE creator_id = {number}", clip.number)
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def numbers_deleted(world: World, case: Case) -> Outcome:
    """Deletes the numbers of a rival's item, so that it looks as if nobody had watched it."""
    clip = world.clips[1]
    columns = ", ".join(COUNT_NAMES)
    true = world.shown(clip.id)["views"]
    kept = world.sql(f"DELETE FROM item_counts WHERE item_id = %s RETURNING {columns}", clip.number)
    try:
        card = world.viewer().open(clip.id)["counts"]["views"]
        case.did(card == 0 < true, f"the page of {clip.id} shows {card} views; there were {true}")
        world.settle()  # what was served meanwhile makes a row of its own
        problem = found(world.verify(), "count", item=clip.id, count="views", shown=0, true=true)
        case.stood(problem is not None, says(problem))
    finally:
        world.settle()
        marks = ", ".join(["%s"] * len(COUNT_NAMES))
        added = ", ".join(f"{name} = item_counts.{name} + excluded.{name}" for name in COUNT_NAMES)
        insert = f"INSERT INTO item_counts (item_id, {columns}) VALUES (%s, {marks})"
        world.sql(f"{insert} ON CONFLICT (item_id) DO UPDATE SET {added}", clip.number, *kept[0])
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def events_written_by_hand(world: World, case: Case) -> Outcome:
    """Writes likes into the tables of events and of viewer state, past the intake."""
    clip = world.clips[2]
    before = world.shown(clip.id)["likes"]
    count = 500
    try:
        world.sql(
            "INSERT INTO events (id, type, viewer_id, item_id, creator_id, request_id, occurred_at) "
            "SELECT gen_random_uuid(), 'like', -n, %s, 1, 1, now() FROM generate_series(1, %s) AS n",
            clip.number,
            count,
        )
        world.sql(
            "INSERT INTO viewer_items (viewer_id, item_id, first_at, last_at, liked, liked_at, like_turn) "
            "SELECT -n, %s, now(), now(), true, now(), 1 FROM generate_series(1, %s) AS n",
            clip.number,
            count,
        )
        written = world.sql("SELECT count(*) FROM viewer_items WHERE item_id = %s AND viewer_id < 0", clip.number)[0][0]
        case.did(written == count, f"{written} likes of {clip.id} were written into events and viewer_items")
        world.viewer().open(clip.id)
        world.settle()
        shown = world.shown(clip.id)["likes"]
        case.stood(shown == before, f"the numbers come from the log alone: {shown} likes are shown, as before")
        case.stood(world.verify().ok, "the log holds as many")
    finally:
        for table in ("events", "viewer_items"):
            world.sql(f"DELETE FROM {table} WHERE viewer_id < 0")
    return Outcome.PREVENTED
