"""Archives and feeds of others, brought in as if they were one's own."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from openforyou.catalog.errors import LearningRefused
from openforyou.catalog.types import ItemStatus, Right
from openforyou.core.ids import ItemId
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.elsewhere import html
from openforyou.drills.scrape.copies import EVERYTHING, SCRAPER, creator
from openforyou.drills.scrape.films import film
from openforyou.drills.world import World
from openforyou.ingest.imports.errors import Unproven
from openforyou.ingest.imports.service import Source
from openforyou.ingest.imports.types import Asked
from openforyou.ingest.imports.types import Outcome as Became
from openforyou.ingest.imports.working import Pace
from openforyou.ingest.optouts.service import OptOuts

NEWS = "news.example"


def archive_of(world: World, handle: str, seed: int) -> Path:
    """An Instagram export of somebody's with one film, as a scraper can put it together."""
    folder = world.scratch("archive")
    folder.mkdir()
    clip = film(folder / "reel.mp4", seed)
    posts = [{"media": [{"uri": "media/reels/reel.mp4", "creation_timestamp": 1_714_000_000, "title": "A day at sea"}]}]
    about = {"profile_user": [{"string_map_data": {"Username": {"value": handle}}}]}
    path = folder / "instagram.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.write(clip, "media/reels/reel.mp4")
        packed.writestr("your_instagram_activity/media/posts_1.json", json.dumps(posts))
        packed.writestr("personal_information/personal_information/personal_information.json", json.dumps(about))
    return path


def _brought_in(world: World, case: Case, asked: Asked, seed: int) -> ItemId:
    who = creator(world, SCRAPER)
    report = world.platform.imports.bring_in(
        who.id, Source(archive_of(world, "ada_films", seed)), asked, Pace(finish=True)
    )
    taken = [line.item_id for line in report.lines if line.outcome is Became.TAKEN and line.item_id is not None]
    case.did(len(taken) == 1, f"an archive of {report.owner.shown} was handed in, and its film read")
    return taken[0]


@attack(Seat.SCRIPT)
def archive_without_proof(world: World, case: Case) -> Outcome:
    """Imports an archive of somebody else's account with every right ticked, and ticks them again afterwards."""
    item = _brought_in(world, case, Asked(EVERYTHING), 201)
    held = world.platform.catalog.item_rights(item)
    case.stood(held == frozenset(), "it carries no right at all: nobody is shown it, and no model may learn from it")
    try:
        world.platform.imports.choose(item, creator(world, SCRAPER).id, EVERYTHING, "ticked on My clips")
        refused = ""
    except Unproven as error:
        refused = error.message
    case.stood(bool(refused), f"ticking them later is refused: {refused}")
    case.stood(world.platform.catalog.item_rights(item) == frozenset(), "and it still carries none")
    return Outcome.PREVENTED


@attack(Seat.ADMINISTRATOR)
def licence_by_the_operators_word(world: World, case: Case) -> Outcome:
    """Says at the command line that there is a licence, which nobody gave."""
    item = _brought_in(world, case, Asked(EVERYTHING, licence="bought, trust me", show_private=True), 203)
    item_is = world.platform.catalog.own_item(item, creator(world, SCRAPER).id).status
    case.did(item_is is ItemStatus.PUBLISHED, "it is published, with every right")
    said = world.sql(
        "SELECT DISTINCT evidence FROM rights WHERE subject_kind = 'item' AND subject_id = %s AND until IS NULL", item
    )
    words = "; ".join(row[0] for row in said)
    case.stood("bought, trust me" in words, f"each grant says on whose word it stands: “{words}”")
    return Outcome.DETECTED


@attack(Seat.SCRIPT)
def feed_that_forbids_it(world: World, case: Case) -> Outcome:
    """Takes in a news site's feed under the operator's word, to learn from pages that forbid it."""
    address = world.elsewhere.at(NEWS)
    words = "Long words about the sea, and about the people who live by it and on it. " * 4
    world.elsewhere.pages[NEWS, "/story"] = html('<meta name="tdm-reservation" content="1"><p>' + words)
    feed = world.scratch("feed")
    feed.mkdir()
    (feed / "feed.xml").write_text(
        '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>'
        f"<link>https://{address}/</link><item><title>By the sea</title><link>https://{address}/story</link>"
        f"<guid>story-1</guid><description>{words}</description></item></channel></rss>"
    )
    imports, who = world.platform.imports, creator(world, SCRAPER)
    imports.fetcher = world.platform.outside
    imports.optouts = OptOuts(world.platform.database, world.platform.clock, world.platform.outside)
    asked = Asked(EVERYTHING, evidence="we index the open web")
    report = imports.bring_in(who.id, Source(feed / "feed.xml"), asked, Pace(finish=True))
    taken = [line.item_id for line in report.lines if line.outcome is Became.TAKEN and line.item_id is not None]
    case.did(len(taken) == 1, "the story is taken in, and learning from it is asked for")
    held = world.platform.catalog.item_rights(taken[0])
    case.stood(Right.LEARN not in held, "no model may learn from it")
    refusals = world.platform.catalog.opt_outs(taken)[taken[0]]
    case.stood(bool(refusals), f"what forbids it is kept: {refusals[0].kind} at {refusals[0].source}")
    try:
        world.platform.catalog.set_item_rights(taken[0], who.id, EVERYTHING, "ticked all the same")
        case.stood(False, "ticking it all the same is refused")
    except LearningRefused as error:
        case.stood(True, f"ticking it all the same is refused: {error.message}")
    return Outcome.PREVENTED
