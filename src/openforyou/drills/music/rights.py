"""Around the check: a licence that is invented, a right that ends, and a muted clip that is to be loud again."""

from __future__ import annotations

from openforyou.catalog.sounds.types import Access, Audience
from openforyou.core.ids import ItemId, decode_id, encode_id
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.music.bringing import brought, is_out, own, registered, uploaded, uploader
from openforyou.drills.music.songs import RATE, clip, song
from openforyou.drills.world import World


@attack(Seat.CREATOR)
def forged_licence(world: World, case: Case) -> Outcome:
    """Registers a cut of the song as their own licensed work, for everybody, to have the right to it."""
    work = song(111, 20)
    registered(world, "Forged", work)
    who = uploader(world)
    body = clip(world.scratch("forged").with_suffix(".mp4"), work[4 * RATE : 16 * RATE]).read_bytes()
    query = {"title": "Mine", "licence": "licensed", "audio": "everyone", "evidence": "I bought it, honestly"}
    answer = who.http.post("/v1/sounds", params=query, content=body)
    case.did(answer.status_code >= 400 or answer.status_code == 201, "the claim was sent with its evidence")
    case.stood(answer.status_code == 409, f"the answer is {answer.status_code}")
    case.stood("“Forged” by A. Composer" in answer.text, f"it says: {answer.json()['error']}")
    item = brought(world, who, work[4 * RATE : 12 * RATE], "With Forged")
    case.stood(item["status"] == "needs_sound", f"a clip with it is {item['status']}")
    return Outcome.PREVENTED


@attack(Seat.CREATOR)
def muted_made_loud_again(world: World, case: Case) -> Outcome:
    """Has a held clip published muted, then asks the API for its own sound, and for the song from the library."""
    work = song(112, 20)
    sound = registered(world, "Loud", work)
    who = uploader(world)
    item = brought(world, who, work[2 * RATE : 10 * RATE], "With Loud")
    item_id = ItemId(decode_id(item["id"]))
    path = f"/v1/items/{item['id']}/sound"
    who.http.post(path, json={"choice": "own"})
    world.platform.ingest.finish(item_id)
    case.stood(own(who, item["id"])["status"] == "needs_sound", "asked for as it is, it is checked and held again")
    who.http.post(path, json={"choice": "muted"})
    world.platform.ingest.finish(item_id)
    case.did(own(who, item["id"])["status"] == "published", "muted, it is published")
    answers = [
        who.http.post(path, json={"choice": "own"}),
        who.http.post(path, json={"choice": "library", "sound_id": encode_id(sound.id)}),
        who.http.post(path, json={"choice": "library", "sound_id": encode_id(sound.id), "from_ms": 2_000}),
    ]
    codes = [answer.status_code for answer in answers]
    case.stood(all(code in (403, 409) for code in codes), f"the API answers {codes}: {answers[1].json()['error']}")
    card = world.viewer().open(item["id"])
    case.stood(card["has_sound"] is False, "what people are shown is silent")
    return Outcome.PREVENTED


@attack(Seat.CREATOR)
def kept_after_the_right_ended(world: World, case: Case) -> Outcome:
    """Publishes with the right, and keeps the clip up after its owner took the right back."""
    work = song(113, 20)
    sound = registered(world, "Withdrawn", work, Audience.EVERYONE)
    item = uploaded(world, work[2 * RATE : 10 * RATE], "With Withdrawn")
    case.did(item["status"] == "published", "with the right, the clip is published")
    case.did(is_out(world, item["id"]), "and anybody can see it")
    media = world.viewer().open(item["id"])["media_url"]
    world.platform.sounds.give(sound.id, Access(Audience.NOBODY), "operator")
    case.stood(not is_out(world, item["id"]), "the moment the right ends, it is out of every page")
    gone = world.wait_for(
        lambda: world.viewer().http.get(media).status_code == 404, "its file is not served", every_s=1.0
    )
    case.stood(bool(gone), "nor is its file served any more")
    return Outcome.PREVENTED
