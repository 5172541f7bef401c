"""Uploads: resumable by tus 1.0.0, into a folder of one's own; handed over when whole, processed in the background."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field
from starlette.concurrency import run_in_threadpool

from openforyou.app.platform import Platform
from openforyou.catalog.credentials.types import OptOut
from openforyou.catalog.errors import AlreadyTaken
from openforyou.catalog.service import PAGE_ITEMS
from openforyou.catalog.types import Creator, Item, ItemKind, ItemStatus, Right
from openforyou.core.errors import BadInput, Conflict, NotAllowed, TooLarge
from openforyou.core.ids import ItemId, encode_id
from openforyou.ingest.imports.types import Elsewhere
from openforyou.moderation.service import EFFECT_DAYS
from openforyou.moderation.types import Felt
from openforyou.web.api import tus
from openforyou.web.api.cards import (
    CredentialsMark,
    ElsewhereCard,
    OptOutCard,
    credentials_mark,
    elsewhere_card,
    opt_out_cards,
)
from openforyou.web.api.policies import FeltCard, felt_card
from openforyou.web.problems import Locked
from openforyou.web.rates import UPLOAD
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.security import ADDED
from openforyou.web.session import Member, region_of
from openforyou.web.unfinished import Unfinished, Upload, Wanted, Writer

router = APIRouter(prefix="/uploads", tags=["uploads"])
WRITE_BYTES = 1 << 20
"""Gathered before each write, so that a thread is woken once a megabyte."""
GONE = frozenset({ItemStatus.WITHDRAWN, ItemStatus.REFUSED, ItemStatus.FAILED})
"""Of these no file is left to be shown."""
BYTES_A_MEGABYTE = 1_000_000


class NoHandle(NotAllowed):
    """Only creators upload."""

    code = "no_handle"

    def __init__(self) -> None:
        super().__init__("You have no handle yet.", hint="Choose one first: POST /v1/creators.")


class OffsetMismatch(Conflict):
    """A part that does not go where the last one ended."""

    code = "offset_mismatch"

    def __init__(self, offset: int) -> None:
        super().__init__(f"{offset} bytes are here.", hint="Go on from there.", field="Upload-Offset")


class UploadOut(BaseModel):
    """An upload that lacks bytes yet."""

    url: str
    filename: str
    offset: int
    length: int
    expires_at: AwareDatetime


class OwnItem(BaseModel):
    """An item of one's own, in whatever state."""

    id: str
    kind: ItemKind
    title: str
    status: ItemStatus
    reason: str = Field(description="Why it was refused, or is held; empty otherwise.")
    poster_url: str | None = Field(description="For you alone; null where nothing was made of it yet.")
    duration_ms: int
    created_at: AwareDatetime
    published_at: AwareDatetime | None
    cross_post: bool = Field(description="Posted elsewhere before, by your word.")
    language: str = Field(description="Its tag, by your word; empty where you did not say.")
    credentials: CredentialsMark
    learning_refused: list[OptOutCard] = Field(
        description="Why the right to learn cannot be given: refusals that came with the file; mostly none."
    )
    imported_from: str = Field(
        description="Whose post elsewhere it was imported as, while nothing proves that this is you: it is private."
    )
    elsewhere: ElsewhereCard | None = Field(description="Of an import: its life there, for you alone.")
    copy_of: str | None = Field(description="The clip that it was taken for, where it is not published for that.")
    rules: list[FeltCard] = Field(description="What limits or lifts it, or did so in the last `rules_days` days.")


class UploadsOut(BaseModel):
    """All that one has sent, or is sending. `before` asks for older items, where there may be some."""

    unfinished: list[UploadOut]
    items: list[OwnItem]
    before: AwareDatetime | None
    rules_days: int = Field(description="How many days the numbers of `rules` are of, today among them.")


async def speaks_tus(request: Request) -> None:
    """Every tus answer, errors too, says the version. Raises `WrongProtocol`."""
    request.scope[ADDED] += [("Tus-Resumable", tus.VERSION), ("Tus-Version", tus.VERSION)]
    if request.method != "OPTIONS":
        tus.check_version(request)


SpeaksTus = [Depends(speaks_tus)]


def creating(account: Member, platform: ThePlatform) -> Creator:
    """The creator that whoever is signed in publishes as. Raises `NoHandle`."""
    creator = platform.catalog.creator_of_account(account.id)
    if creator is None:
        raise NoHandle
    return creator


OwnCreator = Annotated[Creator, Depends(creating)]


@router.options("", status_code=204, summary="What tus can do here", dependencies=SpeaksTus, response_class=Response)
@router.options("/{upload_id}", status_code=204, include_in_schema=False, dependencies=SpeaksTus)
async def options(platform: ThePlatform) -> Response:
    """Version, extensions and the largest upload."""
    return Response(
        status_code=204, headers={"Tus-Extension": tus.EXTENSIONS, "Tus-Max-Size": str(_bytes_max(platform))}
    )


@router.post(
    "",
    status_code=201,
    summary="Begin an upload",
    dependencies=SpeaksTus,
    response_class=Response,
    openapi_extra=tus.described("Upload-Length", "Upload-Metadata"),
)
def begin(request: Request, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> Response:
    """`Upload-Length` and `Upload-Metadata` (filename, title, caption, rights, …) in; `Location` out.

    `purpose` is import for an archive from elsewhere: the answer then names an import, and rights are asked for later.
    `rights` names those given, with commas: show, recommend, learn. None is given by silence. `cross_post` is true
    where the clip was posted elsewhere before. `language` is its tag, as nl; left out where nobody speaks or writes.
    """
    assert creator.account_id is not None, "found by its account"
    rates.check(UPLOAD, creator.account_id)
    if "upload-defer-length" in request.headers:
        raise BadInput("The length must be known.", hint="Send Upload-Length.", field="Upload-Defer-Length")
    header = request.headers.get("upload-metadata", "")
    told = tus.read_metadata(header)
    wanted = Wanted(
        account_id=creator.account_id,
        creator_id=creator.id,
        length=tus.checked_length(request, _bytes_max(platform, told.purpose)),
        filename=told.filename,
        title=told.title,
        caption=told.caption,
        rights=tuple(sorted(told.rights)),
        region=region_of(request.headers.get("accept-language", "")),
        metadata=header,
        cross_post=told.cross_post,
        language=told.language,
        purpose=told.purpose,
    )
    upload = _unfinished(request).begin(wanted)
    return Response(status_code=201, headers={"Location": _url(upload), **_state(upload)})


@router.head(
    "/{upload_id}",
    summary="How far an upload is",
    dependencies=SpeaksTus,
    response_class=Response,
    openapi_extra=tus.described(),
)
def look(upload_id: str, request: Request, account: Member, platform: ThePlatform) -> Response:
    """`Upload-Offset` says where to go on. Once whole, `OpenForYou-Item` names the item made of it, or
    `OpenForYou-Import` the import."""
    unfinished = _unfinished(request)
    upload = unfinished.find(upload_id, account.id)
    if upload.is_whole and upload.taken_as is None:  # the process ended between the last byte and the handing over
        try:
            with unfinished.writing(upload):
                upload = _handed_over(platform, unfinished, unfinished.find(upload_id, account.id))
        except Locked:
            pass  # it is being handed over
    told = {"Upload-Length": str(upload.wanted.length), "Upload-Metadata": upload.wanted.metadata}
    return Response(headers={**_state(upload), **told, "Cache-Control": "no-store"})


@router.patch(
    "/{upload_id}",
    status_code=204,
    summary="Send a part",
    dependencies=SpeaksTus,
    response_class=Response,
    openapi_extra=tus.described("Upload-Offset")
    | {
        "requestBody": {
            "required": True,
            "content": {tus.CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def send(upload_id: str, request: Request, account: Member, platform: ThePlatform) -> Response:
    """Bytes from `Upload-Offset` on. The last part hands the file over, and is answered when that is done."""
    tus.check_chunk(request)
    offset = tus.whole_number(request, "Upload-Offset")
    unfinished = _unfinished(request)
    upload = await run_in_threadpool(unfinished.find, upload_id, account.id)
    writing = ExitStack()
    writer = await run_in_threadpool(writing.enter_context, unfinished.writing(upload))
    try:
        upload = await run_in_threadpool(unfinished.find, upload_id, account.id)
        if offset != upload.received:
            raise OffsetMismatch(upload.received)
        await _append(request, writer, upload.wanted.length - upload.received)
        upload = await run_in_threadpool(unfinished.find, upload_id, account.id)
        if upload.is_whole and upload.taken_as is None:
            upload = await run_in_threadpool(_handed_over, platform, unfinished, upload)
    finally:
        await run_in_threadpool(writing.close)
    return Response(status_code=204, headers=_state(upload))


@router.delete(
    "/{upload_id}",
    status_code=204,
    summary="Cancel an upload",
    dependencies=SpeaksTus,
    response_class=Response,
    openapi_extra=tus.described(),
)
def cancel(upload_id: str, request: Request, account: Member) -> Response:
    """Deletes what was sent so far. What was handed over stays: withdraw the item instead."""
    unfinished = _unfinished(request)
    unfinished.remove(unfinished.find(upload_id, account.id))
    return Response(status_code=204)


@router.get("", summary="Your uploads")
def own_uploads(
    request: Request, account: Member, platform: ThePlatform, before: Annotated[AwareDatetime | None, Query()] = None
) -> UploadsOut:
    """Uploads on their way, and items in every state with the reason where one was refused, newest first."""
    creator = platform.catalog.creator_of_account(account.id)
    items = [] if creator is None else platform.catalog.items_of(creator.id, everything=True, before=before)
    views = {item: counts.views for item, counts in platform.events.counts([item.id for item in items]).items()}
    felt = platform.policies.felt_by(items, views)
    refused = platform.catalog.opt_outs([item.id for item in items])
    held = {} if creator is None else platform.imports.held_back(creator.id, [item.id for item in items])
    copies = platform.copies.stopping([item.id for item in items])
    elsewhere = platform.imports.elsewhere([item.id for item in items])
    return UploadsOut(
        unfinished=[
            UploadOut(
                url=_url(upload),
                filename=upload.wanted.filename,
                offset=upload.received,
                length=upload.wanted.length,
                expires_at=upload.expires_at,
            )
            for upload in _unfinished(request).of_account(account.id)
        ],
        items=[
            own_item(
                item,
                felt[item.id],
                refused.get(item.id, []),
                Origin(held.get(item.id, ""), elsewhere.get(item.id), copies.get(item.id)),
            )
            for item in items
        ],
        before=items[-1].created_at if len(items) == PAGE_ITEMS else None,
        rules_days=EFFECT_DAYS,
    )


class Origin(NamedTuple):
    """Where an item of one's own comes from. `imported_from`: whose post elsewhere, while nothing proves that one is
    them; `copy_of`: what it was taken for, where it is not published for that."""

    imported_from: str
    elsewhere: Elsewhere | None
    copy_of: ItemId | None


def own_item(item: Item, felt: Sequence[Felt], refused: Sequence[OptOut], origin: Origin) -> OwnItem:
    """An item as its creator sees it."""
    has_poster = item.poster_key and item.status not in GONE
    return OwnItem(
        id=encode_id(item.id),
        kind=item.kind,
        title=item.title,
        status=item.status,
        reason=item.reason,
        poster_url=f"/v1/items/{encode_id(item.id)}/poster" if has_poster else None,
        duration_ms=item.duration_ms,
        created_at=item.created_at,
        published_at=item.published_at,
        cross_post=item.cross_post,
        language=item.language,
        credentials=credentials_mark(item),
        learning_refused=opt_out_cards(refused),
        imported_from=origin.imported_from,
        elsewhere=None if origin.elsewhere is None else elsewhere_card(origin.elsewhere, own=True),
        copy_of=None if origin.copy_of is None else encode_id(origin.copy_of),
        rules=[felt_card(one) for one in felt],
    )


async def _append(request: Request, writer: Writer, room: int) -> None:
    """Write the body as it comes; what came before a broken connection or one byte too many is kept."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > room:
        raise _overlong()
    waiting = bytearray()
    try:
        async for chunk in request.stream():
            room -= len(chunk)
            if room < 0:
                raise _overlong()
            waiting += chunk
            if len(waiting) >= WRITE_BYTES:
                await run_in_threadpool(writer.write, bytes(waiting))
                waiting.clear()
    finally:
        await run_in_threadpool(writer.write, bytes(waiting))


def _handed_over(platform: Platform, unfinished: Unfinished, upload: Upload) -> Upload:
    """Give a whole file to the ingest, once. The caller holds the upload's lock.

    A file that is refused is deleted; on a passing fault it stays, and the next request tries again.
    """
    wanted = upload.wanted
    was_begun = unfinished.begin_taking(upload)
    if wanted.purpose == tus.IMPORT:
        return _kept_for_import(platform, unfinished, upload)
    try:
        item_id = platform.ingest.take_in(
            upload.data,
            wanted.creator_id,
            name=wanted.filename,
            title=wanted.title,
            caption=wanted.caption,
            rights=frozenset(Right(name) for name in wanted.rights),
            region=wanted.region,
            cross_post=wanted.cross_post,
            language=wanted.language,
            evidence=f"ticked by the creator at upload {upload.id}",
        )
    except AlreadyTaken as error:
        if not was_begun:
            unfinished.remove(upload)
            raise
        item_id = ItemId(error.item_id)
    except BadInput:
        unfinished.remove(upload)
        raise
    unfinished.finish(upload, item_id)
    return replace(upload, taken_as=item_id)


def _kept_for_import(platform: Platform, unfinished: Unfinished, upload: Upload) -> Upload:
    """Hand an archive over. One that was handed over just before a crash is kept twice, and its owner cancels one."""
    try:
        run_id = platform.archives.receive(upload.data, upload.wanted.filename, upload.wanted.creator_id)
    except BadInput:
        unfinished.remove(upload)
        raise
    unfinished.finish(upload, run_id)
    return replace(upload, taken_as=run_id)


def _state(upload: Upload) -> dict[str, str]:
    told = {"Upload-Offset": str(upload.received), "Upload-Expires": tus.http_date(upload.expires_at)}
    what = "OpenForYou-Import" if upload.wanted.purpose == tus.IMPORT else "OpenForYou-Item"
    return told if upload.taken_as is None else {**told, what: encode_id(upload.taken_as)}


def _overlong() -> TooLarge:
    return TooLarge("More bytes came than Upload-Length said.", hint="Begin a new upload.", field="Upload-Length")


def _bytes_max(platform: Platform, purpose: str = "") -> int:
    settings = platform.settings
    return (settings.import_max_mb if purpose == tus.IMPORT else settings.upload_max_mb) * BYTES_A_MEGABYTE


def _url(upload: Upload) -> str:
    return f"/v1/uploads/{upload.id}"


def _unfinished(request: Request) -> Unfinished:
    unfinished: Unfinished = request.app.state.unfinished
    return unfinished
