"""The pages by address. Each asks the services once and draws; what can be pressed speaks to /v1 from there."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import AwareDatetime

from openforyou.accounts.types import PASSWORD_LENGTH_MIN
from openforyou.app.platform import Platform
from openforyou.catalog.credentials.types import CredentialState
from openforyou.catalog.service import PAGE_ITEMS
from openforyou.catalog.sounds.rules import SPOKEN
from openforyou.catalog.types import CAPTION_LENGTH_MAX, HANDLE_LENGTH_MAX, TITLE_LENGTH_MAX, Item, ItemKind, Right
from openforyou.core.ids import ItemId, RequestId, SoundId, decode_id, new_id
from openforyou.events.controls.types import WORD_LENGTH_MAX
from openforyou.ingest.imports.registry import IMPORTERS
from openforyou.ingest.imports.runs import LINES_MAX
from openforyou.ingest.studio.storyboard import CAPTION_MAX
from openforyou.moderation.service import EFFECT_DAYS
from openforyou.recommend.types import Served
from openforyou.web.api.cards import creator_card, elsewhere_card, slate_page
from openforyou.web.api.credentials import credentials_out
from openforyou.web.api.identities import proven_cards
from openforyou.web.api.sounds import sound_cards
from openforyou.web.pages.drawing import drawn
from openforyou.web.pages.logbook import Logbook
from openforyou.web.pages.rendering import day, templates
from openforyou.web.pages.rules import shown
from openforyou.web.pages.wording import (
    ACTIONS,
    BREAKS,
    KEYS,
    LANGUAGES,
    LICENCES,
    PURPOSES,
    RELATIONS,
    REPORT_REASONS,
    SOURCE_TYPES,
    STAGE_MODULES,
)
from openforyou.web.problems import Told
from openforyou.web.rates import FEED
from openforyou.web.reach import ThePlatform, TheRates, TheSite
from openforyou.web.security import HEADERS
from openforyou.web.session import Visitor, Welcomed

FIRST_SLATE = 6
"""As many as the page asks for later, so that what is watched soon counts."""
MORE_ITEMS = 6

router = APIRouter(default_response_class=HTMLResponse)
Before = Annotated[AwareDatetime | None, Query()]


# Watching


@router.get("/")
def for_you(visitor: Welcomed, platform: ThePlatform, rates: TheRates) -> HTMLResponse:
    """The feed, with its first slate in the page, so that the first poster needs no second request."""
    rates.check(FEED, visitor.viewer_id)
    served = platform.feed.for_you(visitor.viewer_id, region=visitor.region, size=FIRST_SLATE)
    source = "/v1/feed"
    return drawn(
        "feed.html", visitor, platform, place="for_you", title="For You", source=source, **_stage(served, platform)
    )


@router.get("/following")
def following(visitor: Welcomed, platform: ThePlatform, rates: TheRates) -> HTMLResponse:
    """What the followed published, newest first."""
    rates.check(FEED, visitor.viewer_id)
    served = platform.feed.following(visitor.viewer_id, size=FIRST_SLATE)
    source = "/v1/feed/following"
    return drawn(
        "feed.html", visitor, platform, place="following", title="Following", source=source, **_stage(served, platform)
    )


@router.get("/item/{item_id}")
def item(item_id: str, visitor: Welcomed, platform: ThePlatform, site: TheSite, request: Request) -> HTMLResponse:
    """One clip, to be linked to. Raises `ItemNotFound`."""
    shown = platform.catalog.item(ItemId(decode_id(item_id, "item_id")))
    served = platform.feed.present(visitor.viewer_id, "item", [shown])
    others = [other for other in platform.catalog.items_of(shown.creator_id) if other.id != shown.id][:MORE_ITEMS]
    more = platform.feed.present(visitor.viewer_id, "creator", others) if others else None
    return drawn(
        "item.html",
        visitor,
        platform,
        place="item",
        title=shown.title,
        origin=site.of(request),
        published=day(shown.published_at or shown.created_at),
        more=[] if more is None else _shown(more, platform)["items"],
        counted=_logbook(request).counted(shown.id),
        **_provenance(platform, shown),
        posted=day(shown.posted_at) if shown.posted_at else "",
        elsewhere=_elsewhere(platform, shown, visitor),
        article=platform.catalog.article(shown.id) if shown.kind is ItemKind.ARTICLE else "",
        **_stage(served, platform),
    )


@router.get("/@{handle}")
def creator(handle: str, visitor: Welcomed, platform: ThePlatform, before: Before = None) -> HTMLResponse:
    """A creator and what they show, newest first. Raises `CreatorNotFound`."""
    found = platform.catalog.creator(handle)
    items = platform.catalog.items_of(found.id, before=before)
    served = platform.feed.present(visitor.viewer_id, "creator", items)
    account = visitor.account
    follows = found.id in platform.events.following(visitor.viewer_id)
    # A context that names no item: whoever shows nothing yet can be followed too.
    context = platform.events.contexts(RequestId(new_id()), visitor.viewer_id, [(ItemId(0), found.id)])[0]
    return drawn(
        "creator.html",
        visitor,
        platform,
        place="creator",
        title=found.name,
        creator=creator_card(found, following=follows).model_dump() | {"bio": found.bio},
        is_own=account is not None and account.id == found.account_id,
        following=follows,
        followers=platform.events.followers(found.id),
        identities=proven_cards(found.id, platform),
        feed_context=context,
        items=_shown(served, platform)["items"],
        before=items[-1].created_at.isoformat() if len(items) == PAGE_ITEMS else "",
    )


# Publishing


@router.get("/upload")
def upload(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """Sends a clip; asks for a sign-in, then for a handle, where they are missing."""
    return drawn(
        "upload.html",
        visitor,
        platform,
        place="upload",
        title="Upload",
        upload_max_mb=platform.settings.upload_max_mb,
        title_length_max=TITLE_LENGTH_MAX,
        caption_length_max=CAPTION_LENGTH_MAX,
        handle_length_max=HANDLE_LENGTH_MAX,
        languages=LANGUAGES,
    )


@router.get("/import")
def import_archive(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """Brings in an archive from elsewhere; asks for a sign-in, then for a handle, where they are missing."""
    exports = [(importer.title, importer.hint) for importer in IMPORTERS]
    told = {"import_max_mb": platform.settings.import_max_mb, "exports": exports, "lines_max": LINES_MAX}
    return drawn("import.html", visitor, platform, place="import", title="Import", **told)


@router.get("/uploads")
def uploads(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """One's own clips in every state."""
    return drawn("uploads.html", visitor, platform, place="uploads", title="My clips")


# Sounds and the studio


@router.get("/studio")
def studio(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """Pictures and a sound become a video; asks for a sign-in and a handle, as the upload page does."""
    return drawn(
        "studio.html",
        visitor,
        platform,
        place="studio",
        title="Studio",
        title_length_max=TITLE_LENGTH_MAX,
        shot_caption_max=CAPTION_MAX,
    )


@router.get("/lipsync")
def lip_sync(visitor: Welcomed, platform: ThePlatform, sound: str = "") -> HTMLResponse:
    """Records a take to a sound. The one page that may ask for camera and microphone."""
    page = drawn(
        "lipsync.html",
        visitor,
        platform,
        place="studio",
        title="Lip-sync",
        sound=sound[:11],
        title_length_max=TITLE_LENGTH_MAX,
    )
    page.headers["Permissions-Policy"] = (
        HEADERS["Permissions-Policy"]
        .replace("camera=()", "camera=(self)")
        .replace("microphone=()", "microphone=(self)")
    )
    return page


@router.get("/sounds")
def sounds(visitor: Welcomed, platform: ThePlatform, q: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """The sound library."""
    cards = [card.model_dump(mode="json") for card in sound_cards(platform, visitor, platform.sounds.search(q))]
    told = {"q": q, "sounds": cards, "spoken": SPOKEN, "licences": LICENCES}
    return drawn("sounds.html", visitor, platform, place="studio", title="Sounds", **told)


@router.get("/sounds/{sound_id}")
def sound(sound_id: str, visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """One sound: whose it is, how it sounds, and the clips that use it. Raises `SoundNotFound`."""
    found = platform.sounds.sound(SoundId(decode_id(sound_id, "sound_id")))
    card = sound_cards(platform, visitor, [found])[0].model_dump(mode="json")
    users = platform.sounds.users(found.id)
    known = platform.catalog.items(users)
    served = platform.feed.present(visitor.viewer_id, "creator", [known[one] for one in users if one in known])
    told = {"sound": card, "items": _shown(served, platform)["items"], "spoken": SPOKEN, "since": day(found.created_at)}
    told["access"] = None
    own = None if visitor.account is None else platform.catalog.creator_of_account(visitor.account.id)
    if own is not None and own.id == found.owner_id:
        named = platform.sounds.access([found.id])[found.id].creators - {own.id}
        told["access"] = {"handles": sorted(f"@{one.handle}" for one in platform.catalog.creators(named).values())}
    return drawn("sound.html", visitor, platform, place="studio", title=found.title, **told)


# Oneself


@router.get("/signin")
def sign_in(visitor: Welcomed, platform: ThePlatform, after: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Signs in or up, then goes on to `next`, an address of our own; at once where somebody is signed in."""
    own = after if after.startswith("/") and not after.startswith(("//", "/\\")) else "/"
    if visitor.account is not None:
        return RedirectResponse(own, status_code=303)
    title = "Sign in"
    length = PASSWORD_LENGTH_MIN
    return drawn("signin.html", visitor, platform, place="signin", title=title, next=own, password_length_min=length)


@router.get("/settings")
def settings(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """What a viewer chooses, with an account or without."""
    reset_at = platform.events.controls(visitor.viewer_id).reset_at
    return drawn(
        "settings.html",
        visitor,
        platform,
        place="settings",
        title="Settings",
        breaks=BREAKS,
        languages=LANGUAGES,
        word_length_max=WORD_LENGTH_MAX,
        learn=Right.LEARN in platform.catalog.viewer_rights(visitor.viewer_id),
        guarded=platform.minors.is_guarded(visitor.viewer_id),
        region=visitor.region,
        reset_on=day(reset_at) if reset_at else "",
        password_length_min=PASSWORD_LENGTH_MIN,
    )


@router.get("/about")
def about(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """How it works, in plain words."""
    return drawn("about.html", visitor, platform, place="about", title="How it works")


@router.get("/log")
def log(visitor: Welcomed, platform: ThePlatform, request: Request, site: TheSite) -> HTMLResponse:
    """The public log: its key, its newest checkpoint, who watches it, and how to verify it."""
    facts = _logbook(request).facts()
    return drawn("log.html", visitor, platform, place="log", title="The public log", log=facts, origin=site.of(request))


@router.get("/rules")
def rules(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """Every published rule, in force and past."""
    told = {"rules": shown(platform), "days": EFFECT_DAYS}
    return drawn("rules.html", visitor, platform, place="rules", title="Published rules", **told)


def error_page(_request: Request, told: Told) -> HTMLResponse:
    """A problem for people. Asks no service, because one of them may be the problem."""
    html = templates().get_template("error.html")
    words = html.render(title=told.problem.error, place="", me=None, status=told.status, problem=told.problem)
    return HTMLResponse(words, told.status)


# Drawing


def _provenance(platform: Platform, item: Item) -> dict[str, Any]:
    """What an item's credentials say, where it has any, and the words for it."""
    has_any = item.credentials is not CredentialState.NONE
    found = credentials_out(platform, item.id).model_dump(mode="json") if has_any else None
    return {
        "credentials": found,
        "actions": ACTIONS,
        "source_types": SOURCE_TYPES,
        "relations": RELATIONS,
        "purposes": PURPOSES,
    }


def _elsewhere(platform: Platform, item: Item, visitor: Visitor) -> dict[str, Any] | None:
    """What an import knows of an item's life elsewhere; the numbers for its owner alone."""
    told = platform.imports.elsewhere([item.id]).get(item.id)
    if told is None:
        return None
    own = None if visitor.account is None else platform.catalog.creator_of_account(visitor.account.id)
    return elsewhere_card(told, own=own is not None and own.id == item.creator_id).model_dump(mode="json")


def _logbook(request: Request) -> Logbook:
    book: Logbook = request.app.state.logbook
    return book


def _stage(served: Served, platform: Platform) -> dict[str, Any]:
    """What a page needs to play clips."""
    return {
        "slate": _shown(served, platform),
        "stage_modules": STAGE_MODULES,
        "report_reasons": REPORT_REASONS,
        "word_length_max": WORD_LENGTH_MAX,
        "key_words": KEYS,
    }


def _shown(served: Served, platform: Platform) -> dict[str, Any]:
    """A slate in the API's shape: what scripts read there, templates read here."""
    return slate_page(served, platform.sounds).model_dump(mode="json")
