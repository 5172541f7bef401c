"""The pages on which people say yes or no: a creator about their clips, a viewer about their history, a guardian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from openforyou.app.platform import Platform
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT, Act, Party
from openforyou.catalog.service import PAGE_ITEMS
from openforyou.catalog.types import Creator, Item, Right
from openforyou.core.ids import AccountId, CreatorId, ItemId, decode_id, encode_id
from openforyou.web.api.guardians import of_guardian
from openforyou.web.api.rights import word
from openforyou.web.pages.drawing import drawn
from openforyou.web.pages.rendering import day
from openforyou.web.reach import ThePlatform
from openforyou.web.session import Visitor, Welcomed

router = APIRouter(default_response_class=HTMLResponse)
WORDS_SHOWN = 30
After = Annotated[str, Query(description="The clip with which the page before ended; the newest come first.")]
ACTS = {Act.GRANT: "allowed", Act.REFUSE: "refused", Act.WITHDRAW: "taken back"}
VOICES = {
    Party.CREATOR: "by its creator",
    Party.VIEWER: "by you",
    Party.OWNER: "by its owner",
    Party.GUARDIAN: "by a guardian",
    Party.CREDENTIAL: "by what the file or its page says",
    Party.OPERATOR: "by the operator",
}
ASKED = (
    ("show", "Show it", "On its own page, on your page, and to those who follow you."),
    ("recommend", "Recommend it", "In the For You feed, to people who do not know you yet."),
    ("learn", "Learn from it", "The recommender may be trained with it and with how it is watched."),
)


@dataclass(frozen=True, slots=True)
class Clips:
    """A page of somebody's clips, newest first, each with its three questions. `after` leads on; "": these are all."""

    asked: list[dict[str, Any]]
    after: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A question with two answers of one size. `answer` is "yes", "no", or "" where nobody was asked yet."""

    name: str
    words: str
    note: str
    answer: str
    path: str
    yes: dict[str, Any]
    no: dict[str, Any]


@router.get("/rights")
def rights(visitor: Welcomed, platform: ThePlatform, after: After = "") -> HTMLResponse:
    """What one allowed, with each clip and with one's history; when, on what evidence, and the proof."""
    account = visitor.account
    creator = None if account is None else platform.catalog.creator_of_account(account.id)
    return drawn(
        "rights.html",
        visitor,
        platform,
        place="settings",
        title="Rights",
        history=_of_history(platform, visitor),
        clips=None if creator is None else _clips(platform, creator.id, after, "/v1/items/{item}/rights"),
        is_creator=creator is not None,
        is_minor=account is not None and account.is_minor,
        asked=ASKED,
        words=_words(platform, visitor, creator),
        words_shown=WORDS_SHOWN,
    )


@router.get("/guardian")
def guardian(visitor: Welcomed, platform: ThePlatform, after: After = "") -> HTMLResponse:
    """For a minor: who decides, and an invitation. For everybody else: for whom they decide.

    `after` is a clip of one of them, whose page goes on behind it.
    """
    account = visitor.account
    wards = [] if account is None or account.is_minor else of_guardian(platform, account)
    decided = [_ward(platform, one.model_dump(), one.id, account.id, after) for one in wards if account is not None]
    standing = [] if account is None else platform.minors.guardians.of_ward(account.id)
    return drawn(
        "guardian.html",
        visitor,
        platform,
        place="settings",
        title="Guardian",
        is_minor=account is not None and account.is_minor,
        guardians=[day(one.since) for one in standing],
        wards=decided,
    )


def _of_history(platform: Platform, visitor: Visitor) -> Choice:
    said = platform.catalog.rights.history(VIEWER_SUBJECT, [visitor.viewer_id])
    holds = Right.LEARN in platform.catalog.rights.of_viewer(visitor.viewer_id)
    return Choice(
        "learn",
        "Learn from what I watch",
        "What you watch helps to train the model that chooses for everybody. The feed works the same without.",
        _answer(holds=holds, was_asked=bool(said)),
        "/v1/rights",
        {"learn": True},
        {"learn": False},
    )


def _clips(platform: Platform, creator_id: CreatorId, after: str, path: str) -> Clips:
    """The page behind `after`; the first where that is not one of theirs."""
    ids = platform.catalog.item_ids_of(creator_id)[::-1]
    behind = [place for place, one in enumerate(ids, 1) if encode_id(one) == after]
    page = ids[behind[0] if behind else 0 :][: PAGE_ITEMS + 1]
    found = platform.catalog.items_for(page[:PAGE_ITEMS], creator_id)
    asked = _asked(platform, [found[one] for one in page[:PAGE_ITEMS] if one in found], path)
    return Clips(asked, encode_id(page[PAGE_ITEMS - 1]) if len(page) > PAGE_ITEMS else "")


def _asked(platform: Platform, items: Sequence[Item], path: str) -> list[dict[str, Any]]:
    ids = [item.id for item in items]
    held = platform.catalog.rights.of_items(ids)
    said = {(one.decision.subject_id, one.decision.right) for one in platform.catalog.rights.history(ITEM_SUBJECT, ids)}
    return [
        {"id": encode_id(one.id), "title": one.title, "choices": _choices(one.id, held[one.id], said, path)}
        for one in items
    ]


def _choices(item_id: ItemId, held: frozenset[Right], said: set[tuple[int, Right]], path: str) -> list[Choice]:
    """Each question by itself: its answer leaves the other two as they are."""
    address = path.format(item=encode_id(item_id))
    return [
        Choice(
            name,
            words,
            note,
            _answer(holds=Right(name) in held, was_asked=(item_id, Right(name)) in said),
            address,
            {name: True},
            {name: False},
        )
        for name, words, note in ASKED
    ]


def _ward(platform: Platform, told: dict[str, Any], public: str, guardian_id: AccountId, after: str) -> dict[str, Any]:
    """Somebody for whom one decides, and all that there is to decide."""
    path = f"/v1/guardian/wards/{public}"
    _, ward = platform.minors.guardians.require(decode_id(public), guardian_id)
    creator = platform.catalog.creator_of_account(ward.id)
    choices = [
        Choice(
            "learn",
            "Learn from what they watch",
            "What they watch helps to train the model that chooses for everybody. Their feed works the same without.",
            _answer(holds=told["learn"], was_asked=True),
            path,
            {"learn": True},
            {"learn": False},
        ),
        Choice(
            "profiling",
            "Let them turn on a feed chosen by what they do",
            "No: their feed shows what is popular and what is new. Yes: they may turn it on in their settings.",
            _answer(holds=told["profiling"], was_asked=True),
            path,
            {"profiling": True},
            {"profiling": False},
        ),
    ]
    clips = None if creator is None else _clips(platform, creator.id, after, path + "/items/{item}")
    return {"name": told["name"], "since": day(told["since"]), "path": path, "choices": choices, "clips": clips}


def _answer(*, holds: bool, was_asked: bool) -> str:
    if holds:
        return "yes"
    return "no" if was_asked else ""


def _words(platform: Platform, visitor: Visitor, creator: Creator | None) -> list[dict[str, Any]]:
    """The newest of what was said about one's history and clips, with the leaf of each."""
    told = platform.catalog.rights.told(VIEWER_SUBJECT, [visitor.viewer_id], platform.proving.places, WORDS_SHOWN)
    if creator is not None:
        withdrawn = (item.id for item in platform.catalog.items_of(creator.id, everything=True))
        ids = {*platform.catalog.item_ids_of(creator.id), *withdrawn}
        told += platform.catalog.rights.told(ITEM_SUBJECT, ids, platform.proving.places, WORDS_SHOWN)
    newest = sorted(told, key=lambda one: one.placed.event.seq, reverse=True)[:WORDS_SHOWN]
    about = {one.placed.event.decision.subject_id for one in newest} - {visitor.viewer_id}
    titles = {} if creator is None else _titles(platform, creator, about)
    return [
        word(one).model_dump()
        | {
            "on": _day_and_time(one.placed.event.at),
            "about": titles.get(one.placed.event.decision.subject_id, "Your history"),
            "done": ACTS[one.placed.event.decision.act],
            "whose": VOICES[one.placed.event.decision.by],
        }
        for one in newest
    ]


def _titles(platform: Platform, creator: Creator, ids: set[int]) -> dict[int, str]:
    return {item.id: item.title for item in platform.catalog.items_for(ids, creator.id).values()}


def _day_and_time(at: datetime) -> str:
    return f"{day(at)}, {at:%H:%M} UTC"
