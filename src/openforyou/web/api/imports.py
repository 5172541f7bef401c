"""Imports of one's own archive from elsewhere: what was found in it, what its owner decides, what became of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.app.platform import Platform
from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.ids import CreatorId, decode_id, encode_id
from openforyou.ingest.imports.errors import HOW_TO_PROVE, NotYours
from openforyou.ingest.imports.registry import TITLES
from openforyou.ingest.imports.types import Asked, Line, Outcome, Privacy, Run, RunState
from openforyou.web.api.uploads import OwnCreator
from openforyou.web.rates import CHANGE, UPLOAD
from openforyou.web.reach import ThePlatform, TheRates

router = APIRouter(prefix="/imports", tags=["imports"])


class EntryOut(BaseModel):
    """One post of an archive."""

    title: str
    kind: str
    outcome: Outcome = Field(description="taken: it comes in, or came in. The others have a reason.")
    reason: str
    item_id: str | None
    posted_at: AwareDatetime | None
    privacy: Privacy = Field(description="Who saw it elsewhere.")
    files: list[str]


class ImportOut(BaseModel):
    """One archive, and where it stands. `entries` are the first of them, `counts` are of all."""

    id: str
    name: str
    state: RunState
    reason: str
    platform: str
    owner: str = Field(description="Whose archive it says it is.")
    can_give: bool = Field(description="Whether rights can be given now: the account it is from is proven.")
    why_not: str
    rights: list[Right] = Field(description="Asked for; given once they can be.")
    show_private: bool
    done: int
    total: int
    counts: dict[str, int]
    entries: list[EntryOut]
    created_at: AwareDatetime


class ImportsOut(BaseModel):
    """All of one's own, newest first, without their entries."""

    imports: list[ImportOut]


class FeedIn(BaseModel):
    """A feed by its address."""

    address: str = Field(max_length=2_000)


class Decision(BaseModel):
    """What may be done with what comes in. None of it is assumed."""

    show: bool = False
    recommend: bool = False
    learn: bool = False
    show_private: bool = Field(False, description="The same for what was not public elsewhere.")


async def _run_id(import_id: str) -> int:
    return decode_id(import_id, "import_id")


RunId = Annotated[int, Depends(_run_id)]


@router.get("", summary="Your imports")
def own_imports(creator: OwnCreator, platform: ThePlatform) -> ImportsOut:
    """An archive is sent as an upload whose `purpose` is import: POST /v1/uploads."""
    return ImportsOut(imports=[_told(platform, run, creator.id, 0) for run in platform.archives.of(creator.id)])


@router.post("", status_code=201, summary="Import a feed")
def begin(wanted: FeedIn, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> ImportOut:
    """RSS, Atom or Media RSS by its address. It is fetched and looked through; then you decide."""
    rates.check(UPLOAD, creator.id)
    run_id = platform.archives.receive_address(wanted.address.strip(), creator.id)
    return _told(platform, platform.archives.run(run_id, creator.id), creator.id)


@router.get("/{import_id}", summary="An import")
def get_import(run_id: RunId, creator: OwnCreator, platform: ThePlatform) -> ImportOut:
    """What was found and what is skipped, with the reason, before anything is taken in; then what became of it."""
    return _told(platform, platform.archives.run(run_id, creator.id), creator.id)


@router.post("/{import_id}/start", summary="Take it in")
def start(decision: Decision, run_id: RunId, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> ImportOut:
    """Begin. Rights hold only once it is proven whose archive it is; until then everything is private to you."""
    rates.check(CHANGE, creator.id)
    given = [right for right in ITEM_RIGHTS if getattr(decision, right.value)]
    platform.archives.start(run_id, creator.id, given, show_private=decision.show_private)
    return _told(platform, platform.archives.run(run_id, creator.id), creator.id)


@router.delete("/{import_id}", status_code=204, summary="Forget an import")
def forget(run_id: RunId, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> None:
    """Deletes the archive. What it brought in stays: withdraw the items instead."""
    rates.check(CHANGE, creator.id)
    platform.archives.cancel(run_id, creator.id)


def _told(platform: Platform, run: Run, creator_id: CreatorId, entries_max: int | None = None) -> ImportOut:
    can_give, why = _standing(platform, run, creator_id)
    return ImportOut(
        id=encode_id(run.id),
        name=run.name,
        state=run.state,
        reason=run.reason,
        platform=TITLES.get(run.platform, ""),
        owner=run.owner_handle or run.owner_id,
        can_give=can_give,
        why_not=why,
        rights=sorted(run.rights),
        show_private=run.show_private,
        done=run.done,
        total=run.total,
        counts=dict(run.counts),
        entries=[_entry(line) for line in run.lines[:entries_max]],
        created_at=run.created_at,
    )


def _standing(platform: Platform, run: Run, creator_id: CreatorId) -> tuple[bool, str]:
    if not run.platform:
        return False, ""
    try:
        standing = platform.imports.standing(creator_id, run.owner, Asked())
    except NotYours as error:
        return False, str(error)
    return standing.is_good, "" if standing.is_good else f"{standing.why[0].upper()}{standing.why[1:]}. {HOW_TO_PROVE}"


def _entry(line: Line) -> EntryOut:
    return EntryOut(
        title=line.title,
        kind=line.kind,
        outcome=line.outcome,
        reason=line.reason,
        item_id=None if line.item_id is None else encode_id(line.item_id),
        posted_at=line.created_at,
        privacy=line.privacy,
        files=list(line.files),
    )
