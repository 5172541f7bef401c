"""The sound library over HTTP: look, listen, register one's own, say who may use it; and what an item sounds like."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from openforyou.app.desk import FILE_BYTES_MAX, too_large
from openforyou.app.platform import Platform
from openforyou.catalog.sounds.types import About, Access, Audience, Licence, Sound
from openforyou.catalog.types import MUTED, OWN_SOUND, SoundChoice, SoundSource
from openforyou.core.errors import BadInput, NotAllowed, NotFound
from openforyou.core.ids import CreatorId, SoundId, decode_id, encode_id
from openforyou.web.api.items import NamedItem
from openforyou.web.api.uploads import OwnCreator
from openforyou.web.rates import CHANGE, UPLOAD
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Visitor, Welcomed

router = APIRouter(tags=["sounds"])
AUDIO_CACHE = "private, no-cache"


class SoundCard(BaseModel):
    """A sound as one visitor sees it."""

    id: str
    title: str
    owner: str = Field(description="A creator's @handle, or a name from outside.")
    licence: Licence
    duration_ms: int
    audio: Audience = Field(description="To whom its owner gives the right to use it.")
    usable: bool = Field(description="Whether you may use it.")
    audio_url: str = Field(description="Where to listen to it; empty where you may not use it.")
    peaks: list[int] = Field(description="Loudness by column, 0 … 255.")
    beats_ms: list[int]


class SoundsOut(BaseModel):
    """What the library has, newest first."""

    sounds: list[SoundCard]


class AccessIn(BaseModel):
    """Who may use a sound of yours."""

    audio: Audience
    handles: list[str] = Field(default=[], max_length=1_000, description="Where it is named creators.")


class SoundChoiceIn(BaseModel):
    """What an item of yours shall sound like. `own`: have it checked again, where the right came meanwhile."""

    choice: Literal["own", "muted", "library"]
    sound_id: str = ""
    from_ms: int = Field(default=0, ge=-60_000, le=600_000)


class HeardCard(BaseModel):
    """A registered sound as it is heard in an item."""

    sound: SoundCard
    from_ms: int
    until_ms: int
    chosen: bool


@router.get("/sounds", summary="The sound library")
def sounds(
    visitor: Welcomed, platform: ThePlatform, q: Annotated[str, Query(max_length=200)] = "", usable: bool = False
) -> SoundsOut:
    """`q` is looked for in titles and owners; `usable`: only those that you may use."""
    cards = sound_cards(platform, visitor, platform.sounds.search(q))
    return SoundsOut(sounds=[card for card in cards if card.usable or not usable])


@router.get("/sounds/{sound_id}", summary="A sound")
def sound(sound_id: str, visitor: Welcomed, platform: ThePlatform) -> SoundCard:
    """Whose it is, under which licence, and whether you may use it."""
    found = platform.sounds.sound(SoundId(decode_id(sound_id, "sound_id")))
    return sound_cards(platform, visitor, [found])[0]


@router.get("/sounds/{sound_id}/audio", summary="Listen to a sound", response_class=Response)
def audio(sound_id: str, visitor: Welcomed, platform: ThePlatform) -> Response:
    """The AAC, for whoever may use the sound."""
    found = platform.sounds.usable(SoundId(decode_id(sound_id, "sound_id")), _creator_of(platform, visitor))
    path = platform.blobs.local_path(found.audio_key)
    headers = {"Cache-Control": AUDIO_CACHE}
    if path is not None:
        return FileResponse(path, headers=headers, media_type="audio/mp4")
    with platform.blobs.open(found.audio_key) as blob:
        return Response(blob.read(), headers=headers, media_type="audio/mp4")


@router.post("/sounds", status_code=201, summary="Register a sound of yours")
async def register(
    request: Request,
    creator: OwnCreator,
    platform: ThePlatform,
    rates: TheRates,
    title: Annotated[str, Query(max_length=150)],
    licence: Licence,
    audio: Audience = Audience.NOBODY,
    evidence: Annotated[str, Query(max_length=1_000)] = "",
    name: Annotated[str, Query(max_length=255)] = "sound",
) -> SoundCard:
    """The file as the body. One that is, or contains, somebody else's registered work is refused by its name."""
    rates.check(UPLOAD, creator.id)
    if audio is Audience.CREATORS:
        raise BadInput("Name the creators afterwards.", hint="PUT /v1/sounds/ID/access.", field="audio")
    about = About(title, f"@{creator.handle}", licence, creator.id, evidence)
    with tempfile.TemporaryDirectory(prefix="openforyou-sound-") as folder:
        path = Path(folder) / "sound"
        await received(request, path)
        by = f"creator:{encode_id(creator.id)}"
        made = await run_in_threadpool(platform.library.add, path, about, Access(audio), by, name)
    return _card(made, Access(audio, frozenset({creator.id})), creator.id)


@router.put("/sounds/{sound_id}/access", summary="Say who may use a sound of yours")
def put_access(
    wanted: AccessIn, sound_id: str, creator: OwnCreator, platform: ThePlatform, rates: TheRates
) -> SoundCard:
    """Takes effect at once: items of those who may no longer are held until they are muted or set to another."""
    rates.check(CHANGE, creator.id)
    found = platform.sounds.sound(SoundId(decode_id(sound_id, "sound_id")))
    if found.owner_id != creator.id:
        raise NotAllowed(f"“{found.title}” is not yours.", hint="Only its owner says who may use it.")
    named = frozenset(CreatorId(platform.catalog.creator(handle).id) for handle in wanted.handles)
    access = Access(wanted.audio, named)
    platform.sounds.give(found.id, access, f"creator:{encode_id(creator.id)}", "chosen by its owner on its page")
    return _card(found, platform.sounds.access([found.id])[found.id], creator.id)


@router.get("/items/{item_id}/sounds", summary="Which registered sounds an item has")
def item_sounds(item_id: NamedItem, visitor: Welcomed, platform: ThePlatform) -> list[HeardCard]:
    """Of an item that anybody may see, or of one of your own in whatever state."""
    own = _creator_of(platform, visitor)
    try:
        platform.catalog.item(item_id)
    except NotFound:
        if own is None:
            raise
        platform.catalog.own_item(item_id, own)
    uses = platform.sounds.heard_in([item_id]).get(item_id, [])
    known = platform.sounds.sounds({use.sound_id for use in uses})
    cards = {card.id: card for card in sound_cards(platform, visitor, list(known.values()))}
    return [
        HeardCard(
            sound=cards[encode_id(use.sound_id)], from_ms=use.from_ms, until_ms=use.until_ms, chosen=use.is_chosen
        )
        for use in uses
    ]


@router.post("/items/{item_id}/sound", status_code=202, summary="Mute an item, or set it to another sound")
def choose_sound(
    wanted: SoundChoiceIn, item_id: NamedItem, creator: OwnCreator, platform: ThePlatform, rates: TheRates
) -> None:
    """Of an item of yours that is held, or published: it is made anew, and checked like any upload."""
    rates.check(CHANGE, creator.id)
    platform.ingest.sound_again(item_id, creator.id, choice_of(wanted.choice, wanted.sound_id, wanted.from_ms))


def choice_of(choice: str, sound_id: str, from_ms: int) -> SoundChoice:
    """As the catalogue has it. Raises `BadInput`."""
    if choice == SoundSource.LIBRARY:
        return SoundChoice(SoundSource.LIBRARY, SoundId(decode_id(sound_id, "sound_id")), from_ms)
    return MUTED if choice == SoundSource.MUTED else OWN_SOUND


def sound_cards(platform: Platform, visitor: Visitor, found: Sequence[Sound]) -> list[SoundCard]:
    """Sounds as a visitor sees them."""
    access = platform.sounds.access([one.id for one in found])
    own = _creator_of(platform, visitor)
    return [_card(one, access[one.id], own) for one in found]


async def received(request: Request, path: Path) -> None:
    """Write the body to a file as it comes. Raises `TooLarge`."""
    count = 0
    with path.open("wb") as file:
        async for chunk in request.stream():
            count += len(chunk)
            if count > FILE_BYTES_MAX:
                raise too_large()
            await run_in_threadpool(file.write, chunk)


def _creator_of(platform: Platform, visitor: Visitor) -> CreatorId | None:
    own = None if visitor.account is None else platform.catalog.creator_of_account(visitor.account.id)
    return None if own is None else own.id


def _card(one: Sound, access: Access, own: CreatorId | None) -> SoundCard:
    usable = access.allows(own)
    return SoundCard(
        id=encode_id(one.id),
        title=one.title,
        owner=one.owner_name,
        licence=one.licence,
        duration_ms=one.duration_ms,
        audio=access.audience,
        usable=usable,
        audio_url=f"/v1/sounds/{encode_id(one.id)}/audio" if usable else "",
        peaks=list(one.peaks),
        beats_ms=list(one.beats_ms),
    )
