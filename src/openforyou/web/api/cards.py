"""How items look to a program: the one shape that feeds, pages and lists share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pydantic import AwareDatetime, BaseModel, Field

from openforyou.catalog.credentials.rules import words
from openforyou.catalog.credentials.types import CredentialState, OptOut
from openforyou.catalog.sounds.service import Sounds
from openforyou.catalog.sounds.types import Credit, Licence
from openforyou.catalog.types import Creator, Item, ItemKind, Rendition
from openforyou.core.ids import encode_id
from openforyou.core.words import topics
from openforyou.events.types import Counts
from openforyou.ingest.imports.registry import TITLES
from openforyou.ingest.imports.types import Elsewhere
from openforyou.recommend.types import Entry, Served

DEFAULT_SIDE_MAX = 720
"""The shorter side, in pixels, of the rendition that is played where a client does not choose."""


class CreatorCard(BaseModel):
    """Who published an item."""

    id: str
    handle: str
    name: str
    following: bool = Field(description="Whether you follow them.")


class RenditionCard(BaseModel):
    """One playable file; pixels."""

    url: str
    width: int
    height: int


class CountsCard(BaseModel):
    """Each counts what the public log holds: docs/counts.md has the rules, `openforyou verify` checks them."""

    served: int
    impressions: int
    views: int
    completions: int
    likes: int
    shares: int
    log_size: int = Field(description="The first so many leaves of the log are what these numbers count.")


class CredentialsMark(BaseModel):
    """What an item's Content Credentials come to; `GET /v1/items/{item_id}/credentials` has all of them."""

    state: CredentialState
    signed_by: str
    ai_made: bool = Field(description="Made by a trained model, or in part, by the word of whoever signed.")
    text: str = Field(description="The state in words; empty where there are none.")


class OptOutCard(BaseModel):
    """A refusal that takes the right `learn` away, as kept for evidence."""

    kind: str
    source: str = Field(description="Where it stood: the label of a manifest.")
    label: str
    said: str
    state: str = Field(description="How far it was proven when it was read; it holds in any case.")
    at: AwareDatetime


class ElsewhereCard(BaseModel):
    """What is known of an item's life where it was imported from. Its numbers are no part of any number here."""

    platform: str
    sound: str = Field(description="The name of its sound there; empty where it had none.")
    licence: str = Field(description="Its licence there, as the export says.")
    ai_made: bool = Field(description="Whether it was marked there as made by a machine.")
    counts: dict[str, int] = Field(description="What was counted there until it was exported: views, likes, …")


class ReasonCard(BaseModel):
    """Why an item was chosen, as recorded when it was."""

    code: str
    text: str


class SoundCredit(BaseModel):
    """A sound of the library, as it is named beside what uses it."""

    id: str
    title: str
    owner: str
    licence: Licence


class ItemCard(BaseModel):
    """An item as it was served to one viewer."""

    id: str
    kind: ItemKind
    title: str
    caption: str
    creator: CreatorCard
    media_url: str = Field(description="The rendition to play where you do not choose one.")
    renditions: list[RenditionCard] = Field(description="Largest first.")
    poster_url: str
    preview_url: str
    width: int
    height: int
    duration_ms: int
    has_sound: bool
    sound_id: str | None = Field(
        description="Clips set to the same sound share it; null where it has none that is known."
    )
    sound: SoundCredit | None = Field(description="The sound of the library that it is set to, and whose that is.")
    language: str = Field(description="Its tag, as its creator said; empty where they did not.")
    topics: list[str] = Field(description="The hash tags in title and caption, without the mark, in one form.")
    credentials: CredentialsMark
    counts: CountsCard
    liked: bool = Field(description="Whether you like it.")
    reasons: list[ReasonCard]
    feed_context: str = Field(description="Send it back with every event about this item; good for a day.")
    published_at: AwareDatetime | None
    posted_at: AwareDatetime | None = Field(description="When it was posted elsewhere first, as its export says.")
    source_url: str = Field(description="Where it stands elsewhere; of an article, where it is from.")


class SlatePage(BaseModel):
    """Items as served, in order."""

    request_id: str
    items: list[ItemCard]
    cursor: str = Field(description="Send it back for what follows; empty where nothing does.")


def elsewhere_card(told: Elsewhere, *, own: bool) -> ElsewhereCard:
    """As its owner sees it, or without the numbers, which are theirs alone."""
    return ElsewhereCard(
        platform=TITLES.get(told.platform, told.platform),
        sound=told.sound,
        licence=told.licence,
        ai_made=told.is_ai,
        counts=dict(told.counts) if own else {},
    )


def slate_page(served: Served, sounds: Sounds) -> SlatePage:
    """A slate as a program reads it."""
    named = sounds.credits(entry.item.sound_id for entry in served.entries if entry.item.sound_id is not None)
    return SlatePage(
        request_id=encode_id(served.request_id),
        items=[item_card(entry, named.get(entry.item.sound_id or 0)) for entry in served.entries],
        cursor=served.cursor,
    )


def item_card(entry: Entry, credit: Credit | None = None) -> ItemCard:
    """One entry of a slate, with the sound of the library that it is set to."""
    item = entry.item
    return ItemCard(
        id=encode_id(item.id),
        kind=item.kind,
        title=item.title,
        caption=item.caption,
        creator=creator_card(entry.creator, following=entry.following),
        media_url=_default_url(item),
        renditions=[
            RenditionCard(url=media_url(file.key), width=file.width, height=file.height) for file in item.renditions
        ],
        poster_url=media_url(item.poster_key),
        preview_url=media_url(item.preview_key),
        width=item.width,
        height=item.height,
        duration_ms=item.duration_ms,
        has_sound=item.has_sound,
        sound_id=None if item.sound_id is None else encode_id(item.sound_id),
        sound=None if credit is None else sound_credit(credit),
        language=item.language,
        topics=list(topics(f"{item.title}\n{item.caption}")),
        credentials=credentials_mark(item),
        counts=counts_card(entry.counts),
        liked=entry.state is not None and entry.state.liked,
        reasons=[ReasonCard(code=reason.code, text=reason.text) for reason in entry.reasons],
        feed_context=entry.feed_context,
        published_at=item.published_at,
        posted_at=item.posted_at,
        source_url=item.source_url,
    )


def credentials_mark(item: Item) -> CredentialsMark:
    """What an item's credentials come to."""
    said = words(item.credentials, item.signed_by)
    return CredentialsMark(state=item.credentials, signed_by=item.signed_by, ai_made=item.ai_made, text=said)


def opt_out_cards(refusals: Sequence[OptOut]) -> list[OptOutCard]:
    """Refusals as they are kept."""
    return [OptOutCard(**asdict(one)) for one in refusals]


def sound_credit(credit: Credit) -> SoundCredit:
    """Whose the sound of an item is."""
    return SoundCredit(id=encode_id(credit.id), title=credit.title, owner=credit.owner_name, licence=credit.licence)


def creator_card(creator: Creator, *, following: bool) -> CreatorCard:
    """A creator as one viewer sees them."""
    return CreatorCard(id=encode_id(creator.id), handle=creator.handle, name=creator.name, following=following)


def counts_card(counts: Counts) -> CountsCard:
    """The counts that everyone may see."""
    return CountsCard(
        served=counts.served,
        impressions=counts.impressions,
        views=counts.views,
        completions=counts.completions,
        likes=counts.likes,
        shares=counts.shares,
        log_size=counts.log_size,
    )


def media_url(key: str) -> str:
    """The address of a file; "" where there is none."""
    return f"/media/{key}" if key else ""


def _default_url(item: Item) -> str:
    """The largest rendition that is no larger than a phone shows; else the smallest."""
    fitting = [file for file in item.renditions if min(file.width, file.height) <= DEFAULT_SIDE_MAX]
    chosen = max(fitting, key=_pixels, default=None) or min(item.renditions, key=_pixels, default=None)
    return "" if chosen is None else media_url(chosen.key)


def _pixels(file: Rendition) -> int:
    return file.width * file.height
