"""What a rights holder and an uploader do, as they do it: works registered, clips sent over HTTP and taken in."""

from __future__ import annotations

from base64 import b64encode
from itertools import count
from pathlib import Path

from openforyou.catalog.sounds.types import About, Access, Audience, Licence, Sound
from openforyou.core.ids import ItemId, decode_id
from openforyou.drills.errors import Broken
from openforyou.drills.music.songs import Samples, clip
from openforyou.drills.viewers import Told, Viewer
from openforyou.drills.world import World

TUS = {"Tus-Resumable": "1.0.0"}
GIVEN = "show,recommend"
_numbers = count(1)


def registered(world: World, title: str, samples: Samples, audience: Audience = Audience.NOBODY) -> Sound:
    """A work, as `openforyou sounds add` registers it."""
    about = About(title, "A. Composer", Licence.LICENSED, evidence="deposited for a drill")
    path = clip(_file(world, "work"), samples)
    return world.platform.library.add(path, about, Access(audience), "operator")


def uploaded(world: World, samples: Samples, title: str, rights: str = GIVEN) -> Told:
    """A clip with that sound, sent by a creator who signs up for it and taken in: the item as its creator sees it."""
    return brought(world, uploader(world), samples, title, rights)


def uploader(world: World) -> Viewer:
    """Somebody new who publishes."""
    number = next(_numbers)
    who = world.stranger()
    who.ask("/v1/progress")
    account = {"email": f"uploader{number}@drill.invalid", "password": "of no worth at all"}
    for path, body in (("/v1/accounts", account), ("/v1/creators", {"handle": f"uploader{number}", "name": "Up"})):
        answer = who.http.post(path, json=body)
        if answer.status_code != 201:
            raise Broken(f"POST {path} answers {answer.status_code}: {answer.text[:200]}")
    return who


def brought(world: World, who: Viewer, samples: Samples, title: str, rights: str = GIVEN) -> Told:
    """The same, by somebody who is here."""
    content = clip(_file(world, "upload"), samples).read_bytes()
    told = {"filename": f"{title}.mp4", "title": title, "rights": rights}
    metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in told.items())
    begun = who.http.post(
        "/v1/uploads", headers={**TUS, "Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    )
    if begun.status_code != 201:
        raise Broken(f"POST /v1/uploads answers {begun.status_code}: {begun.text[:300]}")
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    sent = who.http.patch(begun.headers["Location"], content=content, headers=headers)
    if sent.status_code != 204:
        raise Broken(f"the upload answers {sent.status_code}: {sent.text[:300]}")
    item = sent.headers["OpenForYou-Item"]
    world.platform.ingest.finish(ItemId(decode_id(item)))
    return own(who, item)


def own(who: Viewer, item: str) -> Told:
    """An item of somebody's as they see it."""
    for one in who.ask("/v1/uploads")["items"]:
        if one["id"] == item:
            told: Told = one
            return told
    raise Broken(f"the creator does not see {item}")


def is_out(world: World, item: str) -> bool:
    """Whether an item has a page for anybody."""
    return world.viewer().http.get(f"/v1/items/{item}").status_code == 200


def _file(world: World, name: str) -> Path:
    world.folder.mkdir(exist_ok=True)
    return world.scratch(name).with_suffix(".mp4")
