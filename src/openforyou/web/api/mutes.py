"""What a viewer wants nothing more of in For You, by the names that people know it by."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.app.platform import Platform
from openforyou.catalog.errors import CreatorNotFound
from openforyou.core.errors import BadInput, NotFound
from openforyou.core.ids import decode_id, encode_id
from openforyou.core.words import TOPIC_MARK
from openforyou.events.controls.types import MUTES_MAX, Mute, MuteKind
from openforyou.web.rates import CHANGE
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Known

router = APIRouter(prefix="/mutes", tags=["mutes"])
HANDLE_MARK = "@"


class SoundNotFound(NotFound):
    """No clip that is shown is set to it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no sound {what}.", hint="Send the sound_id of an item.", field="key")


class MuteCard(BaseModel):
    """One thing muted."""

    kind: MuteKind
    key: str = Field(description="The id of a creator or sound; of a topic or word itself, in its one form.")
    name: str = Field(
        description="@handle, the title of a clip set to the sound, #topic, the word; empty where it is gone."
    )
    since: AwareDatetime


class MutesOut(BaseModel):
    """All that a viewer muted, newest first."""

    mutes: list[MuteCard]
    most: int = Field(description="So many one may have.")


@router.get("", summary="What you muted")
def get_mutes(visitor: Known, platform: ThePlatform) -> MutesOut:
    """Creators, sounds, topics and words that For You shows you nothing of."""
    return MutesOut(mutes=_cards(platform.events.mutes(visitor.viewer_id), platform), most=MUTES_MAX)


@router.put("/{kind}/{key:path}", summary="Mute")
def put_mute(kind: MuteKind, key: str, visitor: Known, platform: ThePlatform, rates: TheRates) -> MuteCard:
    """For You shows nothing of it from the very next slate on.

    `key`: a creator's id or @handle, an item's `sound_id`, a topic with or without its mark, or one to five words
    that must all stand in title or caption. Following is not touched.
    """
    rates.check(CHANGE, visitor.viewer_id)
    if kind is MuteKind.CREATOR:
        own = str(_creator(key, platform))
    elif kind is MuteKind.SOUND:
        own = str(_sound(key, platform))
    else:
        own = key
    (card,) = _cards([platform.events.mute(visitor.viewer_id, kind, own)], platform)
    return card


@router.delete("/{kind}/{key:path}", status_code=204, summary="Take a mute back")
def delete_mute(kind: MuteKind, key: str, visitor: Known, platform: ThePlatform, rates: TheRates) -> None:
    """It may come again from the very next slate on. What was not muted is left as it is."""
    rates.check(CHANGE, visitor.viewer_id)
    if kind is MuteKind.CREATOR:
        own = str(_id(key) or _creator(key, platform))
    elif kind is MuteKind.SOUND:
        own = str(decode_id(key, "key"))
    else:
        own = key
    platform.events.unmute(visitor.viewer_id, kind, own)


def _creator(key: str, platform: Platform) -> int:
    """By id, or by handle. An id goes first, so that nobody is muted by choosing a handle that reads like one."""
    number = _id(key)
    if number is not None and number in platform.catalog.creators([number]):
        return number
    try:
        return platform.catalog.creator(key).id
    except CreatorNotFound as error:
        error.field = "key"
        raise


def _sound(key: str, platform: Platform) -> int:
    number = decode_id(key, "key")
    if number not in platform.catalog.titles_of_sounds([number]):
        raise SoundNotFound(key)
    return number


def _id(key: str) -> int | None:
    """The number behind a public id; None where it is a handle."""
    if key.startswith(HANDLE_MARK):
        return None
    try:
        return decode_id(key, "key")
    except BadInput:
        return None


def _cards(mutes: Sequence[Mute], platform: Platform) -> list[MuteCard]:
    numbers = {kind: [int(one.key) for one in mutes if one.kind is kind] for kind in (MuteKind.CREATOR, MuteKind.SOUND)}
    creators = platform.catalog.creators(numbers[MuteKind.CREATOR])
    handles = {number: HANDLE_MARK + creator.handle for number, creator in creators.items()}
    named = {MuteKind.CREATOR: handles, MuteKind.SOUND: platform.catalog.titles_of_sounds(numbers[MuteKind.SOUND])}
    return [_card(one, named) for one in mutes]


def _card(mute: Mute, named: dict[MuteKind, dict[int, str]]) -> MuteCard:
    if mute.kind in named:
        number = int(mute.key)
        name = named[mute.kind].get(number, "")
        return MuteCard(kind=mute.kind, key=encode_id(number), name=name, since=mute.since)
    mark = TOPIC_MARK if mute.kind is MuteKind.TOPIC else ""
    return MuteCard(kind=mute.kind, key=mute.key, name=mark + mute.key, since=mute.since)
