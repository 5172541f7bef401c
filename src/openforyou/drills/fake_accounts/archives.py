"""Archives that were put together to carry somebody else's posts in, brought in beside a proof of one's own account."""

from __future__ import annotations

import json
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openforyou.catalog.types import ITEM_RIGHTS, ItemStatus
from openforyou.core.ids import ItemId, decode_id, encode_id
from openforyou.demo.film import Format, shoot
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import Broken
from openforyou.drills.fake_accounts.people import MASTODON, Person, account, bio, code_of, two
from openforyou.drills.viewers import Told
from openforyou.drills.world import World

EVERYTHING = {right.value: True for right in ITEM_RIGHTS}
TINY, SMALL = Format(180, 320, 12), Format(216, 384, 24)
FILM_S, COPIED_S = 1.0, 4.0
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
TUS = {"Tus-Resumable": "1.0.0"}


@attack(Seat.IMPOSTOR)
def archive_of_another_account(world: World, case: Case) -> Outcome:
    """Proves an account of one's own, and hands in an archive that says it is of the owner's, on the same server."""
    with _two(world) as (_, impostor):
        _proves(world, impostor, "eve")
        run = _handed_in(world, impostor, _packed(world, _actor(world, "ada"), [_post(world, "ada", 1)]))
        case.did(impostor.shown() == [account(world, "eve")], f"{account(world, 'eve')} is proven; the zip is of ada's")
        case.stood(run["state"] == "refused", f"it is refused before anything is taken in: {run['reason']}")
        case.stood(account(world, "ada") in run["reason"], "whose archive it says it is, is named")
        case.stood(not _items(impostor), "nothing came of it")
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def archive_brought_in_before_the_proof(world: World, case: Case) -> Outcome:
    """Brings the owner's archive in first, with every right ticked, proves another account then, and ticks again."""
    with _two(world) as (_, impostor):
        run = _taken_in(world, impostor, _packed(world, _actor(world, "ada"), [_post(world, "ada", 1)]))
        (item,) = _items(impostor)
        case.did(run["counts"] == {"taken": 1}, f"an archive of {run['owner']} was taken in, and every right asked for")
        _proves(world, impostor, "eve")
        world.platform.imports.settle_all()
        case.stood(_rights(world, item) == frozenset(), "the proof of another account gives it no right")
        said = impostor.browser.http.put(f"/v1/items/{item['id']}/rights", json=EVERYTHING).json()
        case.stood(said.get("code") == "unproven", f"ticking it is refused: {said.get('error')}")
        case.stood(_rights(world, item) == frozenset(), "it is private to whoever brought it in")
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def posts_of_another_in_ones_own_archive(world: World, case: Case) -> Outcome:
    """Puts the owner's posts into the archive of an account that is proven: by author, by id, by page, by server."""
    with _two(world) as (_, impostor):
        _proves(world, impostor, "eve")
        own, hers = _post(world, "eve", 1), _post(world, "ada", 2)
        signed = _post(world, "eve", 3) | {"attributedTo": hers["id"].partition("/statuses")[0]}
        shown = _post(world, "eve", 4) | {"url": hers["url"]}
        moved = _post(world, "eve", 5) | {"id": "https://other.example/users/eve/statuses/5"}
        posts = [own, hers, signed, shown, moved]
        run = _taken_in(world, impostor, _packed(world, _actor(world, "eve"), posts))
        case.did(run["total"] == len(posts), f"an archive of {run['owner']} with {len(posts) - 1} posts of others")
        came = [entry["title"] for entry in run["entries"] if entry["outcome"] == "taken"]
        case.stood(came == ["Post 1 of eve"], f"one's own alone comes in: {came}")
        reasons = {entry["reason"] for entry in run["entries"] if entry["outcome"] == "skipped"}
        case.stood(len(reasons) == 1 and "another account" in str(reasons), f"the others are left out: {reasons}")
        case.stood(_rights(world, _items(impostor)[0]) == set(ITEM_RIGHTS), "one's own has the rights that were ticked")
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def another_address_under_ones_own_name(world: World, case: Case) -> Outcome:
    """Writes an archive whose account has the impostor's name and the owner's address, so that either would do."""
    with _two(world) as (_, impostor):
        _proves(world, impostor, "eve")
        actor = _actor(world, "ada") | {"preferredUsername": "eve"}
        run = _taken_in(world, impostor, _packed(world, actor, [_post(world, "ada", 7)]))
        (item,) = _items(impostor)
        case.did(run["counts"] == {"taken": 1}, f"the zip names eve at {actor['id']}, and its post was taken in")
        case.stood(run["owner"] == "" and not run["can_give"], f"it is nobody's archive: {run['why_not']}")
        case.stood(_rights(world, item) == frozenset(), "what came of it is private to whoever brought it in")
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def archive_written_anew_under_ones_own_name(world: World, case: Case) -> Outcome:
    """Takes the owner's film out of everything that names her, and packs it as a post of the proven account."""
    with _two(world) as (owner, impostor):
        folder = world.scratch("film")
        folder.mkdir()
        shoot(folder / "film.mp4", "koi", (311,), COPIED_S, SMALL)
        hers = world.platform.catalog.creator(owner.handle)
        ingest = world.platform.ingest
        first = ingest.take_in(folder / "film.mp4", hers.id, rights=frozenset(ITEM_RIGHTS), evidence="ticked")
        if (status := ingest.finish(first).status) is not ItemStatus.PUBLISHED:
            raise Broken(f"the owner's film is {status.value}")
        _proves(world, impostor, "eve")
        packed = _packed(world, _actor(world, "eve"), [_post(world, "eve", 6)], folder / "film.mp4")
        run = _taken_in(world, impostor, packed)
        (item,) = _items(impostor)
        case.did(run["can_give"] and run["counts"] == {"taken": 1}, f"it passes for an archive of {run['owner']}")
        ended = ingest.finish(ItemId(decode_id(item["id"])))
        case.stood(ended.status is ItemStatus.REFUSED, f"its film is {ended.status.value}")
        case.stood(
            f"@{owner.handle}" in ended.error and encode_id(first) in ended.error, f"by its looks: {ended.error}"
        )
        world.platform.catalog.withdraw(first, hers.id)
    return Outcome.PREVENTED


# What is forged


def _actor(world: World, name: str) -> Told:
    """Who an archive says that it is of."""
    home = f"https://{world.elsewhere.at(MASTODON)}"
    return {"id": f"{home}/users/{name}", "type": "Person", "preferredUsername": name}


def _post(world: World, name: str, number: int) -> Told:
    """A public post of somebody's with a film."""
    home = f"https://{world.elsewhere.at(MASTODON)}"
    return {
        "id": f"{home}/users/{name}/statuses/{number}",
        "url": f"{home}/@{name}/{number}",
        "type": "Note",
        "content": f"<p>Post {number} of {name}</p>",
        "published": "2024-04-05T06:07:08Z",
        "to": [PUBLIC],
        "attachment": [{"type": "Document", "mediaType": "video/mp4", "url": f"/media/{number}.mp4"}],
    }


def _packed(world: World, actor: Told, posts: list[Told], film: Path | None = None) -> Path:
    """An archive as the server would have packed it; each post has a film of its own, unless one is given."""
    folder = world.scratch("forged")
    folder.mkdir()
    outbox = {"orderedItems": [{"type": "Create", "object": post} for post in posts]}
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("actor.json", json.dumps(actor))
        archive.writestr("outbox.json", json.dumps(outbox))
        for post in posts:
            name = post["attachment"][0]["url"].rpartition("/")[2]
            if film is None:
                shoot(folder / name, "koi", (int(name[0]), 312), FILM_S, TINY)
            archive.write(film or folder / name, f"media/{name}")
    return folder / "archive.zip"


# What whoever brings it in does


@contextmanager
def _two(world: World) -> Iterator[tuple[Person, Person]]:
    """The owner and the impostor, whose imports and items are gone afterwards."""
    with two(world) as (owner, impostor):
        try:
            yield owner, impostor
        finally:
            for item in _items(impostor):
                impostor.browser.http.delete(f"/v1/items/{item['id']}")
            for run in impostor.browser.ask("/v1/imports")["imports"]:
                impostor.browser.http.delete(f"/v1/imports/{run['id']}")


def _proves(world: World, who: Person, name: str) -> None:
    """Prove an account on the server elsewhere that is one's own."""
    challenge = who.must_begin("mastodon", account(world, name), "code")
    bio(world, name, code_of(challenge))
    who.must_prove(challenge["id"])


def _handed_in(world: World, who: Person, archive: Path) -> Told:
    """Send an archive as the page does, and have it looked through as the worker does."""
    content = archive.read_bytes()
    named = {"filename": archive.name, "purpose": "import"}
    metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in named.items())
    http = who.browser.http
    begun = http.post(
        "/v1/uploads", headers=TUS | {"Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    ).headers["Location"]
    part = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    sent = http.patch(begun, headers=part, content=content)
    if sent.status_code != 204:
        raise Broken(f"the archive cannot be sent: {sent.text[:200]}")
    world.platform.archives.work_next()
    return who.browser.ask(f"/v1/imports/{sent.headers['OpenForYou-Import']}")


def _taken_in(world: World, who: Person, archive: Path) -> Told:
    """The same, and every right ticked and begun."""
    run = _handed_in(world, who, archive)
    begun = who.browser.http.post(f"/v1/imports/{run['id']}/start", json=EVERYTHING)
    if begun.status_code != 200:
        raise Broken(f"the import cannot begin: {begun.text[:200]}")
    world.platform.archives.work_next()
    return who.browser.ask(f"/v1/imports/{run['id']}")


def _items(who: Person) -> list[Told]:
    """What they have here, but what is gone."""
    told: list[Any] = who.browser.ask("/v1/uploads")["items"]
    return [item for item in told if item["status"] not in ("withdrawn", "refused")]


def _rights(world: World, item: Told) -> frozenset[Any]:
    return frozenset(world.platform.catalog.item_rights(ItemId(decode_id(item["id"]))))
