"""The studio over HTTP: lay files on the desk, render a storyboard, bring a lip-sync take, publish what was made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from openforyou.app.desk import Job
from openforyou.app.platform import Platform
from openforyou.catalog.rules import checked_title
from openforyou.catalog.types import OWN_SOUND, Creator, ItemStatus, Right, SoundChoice, SoundSource
from openforyou.core.errors import NotFound
from openforyou.core.ids import AccountId, ItemId, SoundId, decode_id, encode_id
from openforyou.ingest.probe import probe
from openforyou.ingest.rules import checked_name
from openforyou.ingest.soundfiles import samples_of
from openforyou.ingest.studio import storyboard
from openforyou.ingest.studio.pictures import LIMITS, is_photo, photo
from openforyou.ingest.takes import Placed, placed
from openforyou.web.api.sounds import received
from openforyou.web.api.uploads import OwnCreator
from openforyou.web.rates import CHANGE, STUDIO_FILE, UPLOAD
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import region_of

router = APIRouter(prefix="/studio", tags=["studio"])


class FileOut(BaseModel):
    """A file on your desk, upright; pixels."""

    id: str
    name: str
    kind: Literal["photo", "clip"]
    width: int
    height: int
    duration_ms: int = Field(description="0 for a photo.")


class JobOut(BaseModel):
    """Something that is made. `state`: waiting, running, done, failed or cancelled."""

    id: str
    state: str
    done: int
    total: int
    error: str
    hint: str
    video_url: str = Field(description="Empty until it is done.")


class TakeOut(JobOut):
    """A take as it was laid against its sound."""

    from_ms: int = Field(description="Where in the sound its first picture stands.")
    measured: bool = Field(description="Whether the microphone heard the sound; else it is as you said.")


class PublishIn(BaseModel):
    """What is said of it. `rights` are those given; none by silence."""

    title: str
    caption: str = ""
    rights: list[Literal["show", "recommend", "learn"]] = []
    language: str = ""


class PublishedOut(BaseModel):
    """The item that it becomes. `status` says how far it is."""

    item_id: str
    status: ItemStatus


@router.post("/files", status_code=201, summary="Lay a photo or a clip on your desk")
async def add_file(
    request: Request,
    creator: OwnCreator,
    platform: ThePlatform,
    rates: TheRates,
    name: Annotated[str, Query(max_length=255)],
) -> FileOut:
    """The file as the body. It is looked at, and refused by its name where it cannot be used. It stays for a day."""
    rates.check(STUDIO_FILE, creator.id)
    account, called = _account(creator), checked_name(name)
    file_id, path = await run_in_threadpool(platform.desk.new_file, account, called)
    try:
        await received(request, path)
        return await run_in_threadpool(_looked_at, file_id, path, called)
    except BaseException:
        platform.desk.remove(account, file_id)
        raise


@router.delete("/files/{file_id}", status_code=204, summary="Take a file away")
def remove_file(file_id: str, creator: OwnCreator, platform: ThePlatform) -> None:
    """No error where there is none."""
    platform.desk.remove(_account(creator), file_id)


@router.post("/renders", status_code=202, summary="Render a storyboard")
def begin(board: dict[str, Any], creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> JobOut:
    """docs/studio.md has the storyboard; `file` in it is the id of a file on your desk, `sound` one you may use."""
    rates.check(UPLOAD, creator.id)
    read = storyboard.read(board)
    choice: tuple[SoundChoice, Path | None] = (OWN_SOUND, None)
    if read.sound:
        sound_id = SoundId(decode_id(read.sound, "sound"))
        choice = SoundChoice(SoundSource.LIBRARY, sound_id, read.sound_from_ms), _track(platform, creator, sound_id)
    return _out(platform.desk.begin(_account(creator), read, choice))


@router.get("/renders/{job_id}", summary="How far it is")
def look(job_id: str, creator: OwnCreator, platform: ThePlatform) -> JobOut:
    """Of a rendering, or a take, of your own."""
    return _out(platform.desk.job(_account(creator), job_id))


@router.get("/renders/{job_id}/video", summary="What was made", response_class=Response)
def video(job_id: str, creator: OwnCreator, platform: ThePlatform) -> Response:
    """The MP4, for you alone."""
    path = platform.desk.made(_account(creator), job_id)
    return FileResponse(path, media_type="video/mp4", headers={"Cache-Control": "no-store"})


@router.delete("/renders/{job_id}", status_code=204, summary="Cancel it")
def cancel(job_id: str, creator: OwnCreator, platform: ThePlatform) -> None:
    """Stops the rendering and throws away what was made."""
    platform.desk.cancel(_account(creator), job_id)


@router.post("/renders/{job_id}/publish", status_code=202, summary="Publish it")
def publish(
    wanted: PublishIn, job_id: str, request: Request, creator: OwnCreator, platform: ThePlatform, rates: TheRates
) -> PublishedOut:
    """It is checked like any upload: GET /v1/uploads says what becomes of it."""
    rates.check(CHANGE, creator.id)
    job = platform.desk.job(_account(creator), job_id)
    title = checked_title(wanted.title)
    item_id = platform.ingest.take_in(
        platform.desk.made(_account(creator), job_id),
        creator.id,
        name=f"{job.kind.value}.mp4",
        title=title,
        caption=wanted.caption,
        rights=frozenset(Right(name) for name in wanted.rights),
        region=region_of(request.headers.get("accept-language", "")),
        language=wanted.language,
        kind=job.kind,
        sound=job.sound,
        evidence=f"ticked by the creator in the studio at {job.id}",
    )
    platform.desk.remove(_account(creator), job_id)
    return PublishedOut(item_id=encode_id(ItemId(item_id)), status=ItemStatus.QUEUED)


@router.post("/takes", status_code=201, summary="Bring a lip-sync take")
async def take(
    request: Request,
    creator: OwnCreator,
    platform: ThePlatform,
    rates: TheRates,
    sound: str,
    from_ms: Annotated[int, Query(ge=-60_000, le=600_000)] = 0,
    name: Annotated[str, Query(max_length=255)] = "take.webm",
) -> TakeOut:
    """The clip as the body, recorded while `sound` played from `from_ms` on. Publish it as a rendering."""
    rates.check(UPLOAD, creator.id)
    account, called = _account(creator), checked_name(name)
    track = await run_in_threadpool(_track, platform, creator, SoundId(decode_id(sound, "sound")))
    take_id, path = await run_in_threadpool(platform.desk.new_file, account, called)
    try:
        await received(request, path)
        found = await run_in_threadpool(_placed, path, called, track, from_ms)
    except BaseException:
        platform.desk.remove(account, take_id)
        raise
    choice = SoundChoice(SoundSource.LIBRARY, SoundId(decode_id(sound, "sound")), found.from_ms)
    job = platform.desk.keep_take(account, take_id, choice)
    return TakeOut(**_out(job).model_dump(), from_ms=found.from_ms, measured=found.is_measured)


def _placed(path: Path, name: str, track: Path, told_ms: int) -> Placed:
    clip = probe(path, name, LIMITS)
    if not clip.has_sound:
        return Placed(told_ms, False, 0.0)
    return placed(samples_of(path, name), samples_of(track, "The sound"), told_ms)


def _looked_at(file_id: str, path: Path, name: str) -> FileOut:
    if is_photo(path, name):
        height, width = photo(path, name).shape[:2]
        return FileOut(id=file_id, name=name, kind="photo", width=width, height=height, duration_ms=0)
    clip = probe(path, name, LIMITS)
    width, height = clip.shape
    length_ms = round(1_000 * clip.picture_s)
    return FileOut(id=file_id, name=name, kind="clip", width=width, height=height, duration_ms=length_ms)


def _track(platform: Platform, creator: Creator, sound_id: SoundId) -> Path:
    """The sound as a file of this machine. Raises `SoundNotFound`, `SoundNotAllowed`."""
    found = platform.sounds.usable(sound_id, creator.id)
    return platform.desk.copy_of(platform.blobs, found.audio_key)


def _account(creator: Creator) -> AccountId:
    if creator.account_id is None:
        raise NotFound("Nobody signs in as this creator.", hint="Sign in first.")
    return creator.account_id


def _out(job: Job) -> JobOut:
    return JobOut(
        id=job.id,
        state=job.state,
        done=job.done,
        total=job.total,
        error=job.error,
        hint=job.hint,
        video_url=f"/v1/studio/renders/{job.id}/video" if job.state == "done" else "",
    )
