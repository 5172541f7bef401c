"""The pages on which people say yes or no: a creator about their clips, a viewer about their history, a guardian."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from openforyou.app.platform import Platform
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT, Act, Party
from openforyou.catalog.types import Creator, Item, Right
from openforyou.core.ids import AccountId, ItemId, decode_id, encode_id
from openforyou.web.api.guardians import of_guardian
from openforyou.web.api.rights import word
from openforyou.web.pages.drawing import drawn
from openforyou.web.pages.rendering import day
from openforyou.web.reach import ThePlatform
from openforyou.web.session import Visitor, Welcomed

router = APIRouter(default_response_class=HTMLResponse)
WORDS_SHOWN = 30
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
def rights(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
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
        clips=[] if creator is None else _clips(platform, creator),
        is_creator=creator is not None,
        is_minor=account is not None and account.is_minor,
        asked=ASKED,
        words=_words(platform, visitor, creator),
        words_shown=WORDS_SHOWN,
    )


@router.get("/guardian")
def guardian(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """For a minor: who decides, and an invitation. For everybody else: for whom they decide."""
    account = visitor.account
    wards = [] if account is None or account.is_minor else of_guardian(platform, account)
    decided = [_ward(platform, one.model_dump(), one.id, account.id) for one in wards if account is not None]
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


def _clips(platform: Platform, creator: Creator) -> list[dict[str, Any]]:
    """A creator's newest clips, each with its three questions."""
    items = platform.catalog.items_of(creator.id, everything=True)
    kept = [item for item in items if item.id in set(platform.catalog.item_ids_of(creator.id))]
    return _asked(platform, kept, "/v1/items/{item}/rights")


def _asked(platform: Platform, items: list[Item], path: str) -> list[dict[str, Any]]:
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


def _ward(platform: Platform, told: dict[str, Any], public: str, guardian_id: AccountId) -> dict[str, Any]:
    """Somebody for whom one decides, and all that there is to decide."""
    path = f"/v1/guardian/wards/{public}"
    _, ward = platform.minors.guardians.require(decode_id(public), guardian_id)
    creator = platform.catalog.creator_of_account(ward.id)
    items = [] if creator is None else platform.catalog.items_of(creator.id, everything=True)
    kept = set() if creator is None else set(platform.catalog.item_ids_of(creator.id))
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
    clips = _asked(platform, [item for item in items if item.id in kept], path + "/items/{item}")
    return {"name": told["name"], "since": day(told["since"]), "path": path, "choices": choices, "clips": clips}


def _answer(*, holds: bool, was_asked: bool) -> str:
    if holds:
        return "yes"
    return "no" if was_asked else ""


def _words(platform: Platform, visitor: Visitor, creator: Creator | None) -> list[dict[str, Any]]:
    """The newest of what was said about one's history and clips, with the leaf of each."""
    told = platform.catalog.rights.told(VIEWER_SUBJECT, [visitor.viewer_id], platform.proving.places, WORDS_SHOWN)
    titles: dict[int, str] = {}
    if creator is not None:
        items = platform.catalog.items_of(creator.id, everything=True)
        titles = {item.id: item.title for item in items}
        told += platform.catalog.rights.told(ITEM_SUBJECT, titles, platform.proving.places, WORDS_SHOWN)
    newest = sorted(told, key=lambda one: one.placed.event.seq, reverse=True)[:WORDS_SHOWN]
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


def _day_and_time(at: datetime) -> str:
    return f"{day(at)}, {at:%H:%M} UTC"
