"""`openforyou ingest`: an operator's own video files in, several at a time."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.errors import AlreadyTaken, CreatorNotFound
from openforyou.catalog.types import Creator, ItemStatus, Right
from openforyou.cli.options import DataOption, JsonOption
from openforyou.core import progress
from openforyou.core.errors import BadInput, OpenForYouError
from openforyou.core.ids import ItemId, encode_id
from openforyou.core.languages import primary_tag
from openforyou.ingest.types import Processed, Said

SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".qt", ".webm", ".mkv", ".avi", ".3gp", ".3g2"})
"""What is looked for inside folders; a file that is named is tried whatever it is called."""
PUBLISHED, REFUSED, HELD, HERE, FAILED = "published", "refused", "held", "already here", "failed"
"""Failed is not the file's fault: a full disk, a database that went away."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file, as `--json` prints it (without what is empty)."""

    path: str
    outcome: str
    id: str | None = None
    error: str | None = None
    hint: str | None = None
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    has_sound: bool | None = None

    def as_dict(self) -> dict[str, object]:
        """Without what does not apply."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @property
    def is_well(self) -> bool:
        """The file is in the catalogue."""
        return self.outcome in {PUBLISHED, HERE}


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Video files, and folders to look into.")],
    creator: Annotated[
        str, typer.Option("--creator", metavar="HANDLE", help="Whose they are; made when there is no such creator.")
    ] = "local",
    show: Annotated[
        bool, typer.Option("--show/--no-show", help="Right to show: on its page, the creator's page, to followers.")
    ] = True,
    recommend: Annotated[
        bool, typer.Option("--recommend/--no-recommend", help="Right to recommend: offered in the For You feed.")
    ] = True,
    learn: Annotated[
        bool, typer.Option("--learn/--no-learn", help="Right to learn: models may be trained on it. Never assumed.")
    ] = False,
    region: Annotated[str, typer.Option("--region", help="Where it belongs, as in DE; for what trends there.")] = "",
    cross_post: Annotated[
        bool, typer.Option("--cross-post", help="They were posted elsewhere before; published rules may go by that.")
    ] = False,
    language: Annotated[
        str, typer.Option("--language", help="Of their own, as in nl; viewers who chose languages find it by that.")
    ] = "",
    jobs: Annotated[int, typer.Option("--jobs", min=0, max=64, help="Files at a time; 0: one a core.")] = 0,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish video files of your own.

    Each is checked, brought to H.264 and AAC in one or two sizes (kept
    whole, never enlarged), given a poster, a preview and content features,
    and published. Folders are searched for .mp4, .mov, .webm, .mkv, .avi
    and the like.

    Because the files are yours, the rights to show and to recommend them
    are taken as given, and you can refuse either. The right to learn from
    them is not: say --learn to give it. Each is recorded with who gave it,
    and can be withdrawn later.

    A file that cannot be used is named with the reason, and the rest goes
    on. Exit code 0 only when all are published or were here already.
    Stopped or killed, run it again: what was under way is finished.
    """
    rights = {Right.SHOW: show, Right.RECOMMEND: recommend, Right.LEARN: learn}
    given = frozenset(right for right, is_given in rights.items() if is_given)
    evidence = "given by the operator at `openforyou ingest`"
    said = Said(rights=given, region=region, cross_post=cross_post, language=primary_tag(language), evidence=evidence)
    files = list(_found(paths))
    with Platform(Settings.read(data)) as platform:
        platform.ingest.sweep()
        batch = _Batch(platform, _creator(platform, creator), said)
        outcomes = batch.run(files, jobs or os.cpu_count() or 1)
    if as_json:
        typer.echo(json.dumps([outcome.as_dict() for outcome in outcomes], indent=2, ensure_ascii=False))
    else:
        _print(outcomes)
    if not outcomes or not all(outcome.is_well for outcome in outcomes):
        raise typer.Exit(1)


def _found(paths: Iterable[Path]) -> Iterator[Path]:
    """Each file once: those named, and in folders those that look like video, in order of name."""
    seen: set[Path] = set()
    for path in paths:
        files = sorted(found for found in path.rglob("*") if _is_video(found, path)) if path.is_dir() else [path]
        for file in files:
            if (where := Path(os.path.realpath(file))) not in seen:  # unlike `resolve`, it takes a loop of links
                seen.add(where)
                yield file


def _is_video(path: Path, root: Path) -> bool:
    is_hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return path.suffix.lower() in SUFFIXES and not is_hidden and path.is_file()


def _creator(platform: Platform, handle: str) -> Creator:
    try:
        return platform.catalog.creator(handle)
    except CreatorNotFound:
        return platform.catalog.add_creator(handle, handle.removeprefix("@"))


class _StoppedError(BaseException):
    """Somebody pressed Ctrl-C: unwinds a pass as a crash would, and its item waits again."""


class _Batch:
    """Files on their way in, several at a time, each with its bar."""

    def __init__(self, platform: Platform, creator: Creator, said: Said) -> None:
        self._platform, self._creator, self._said = platform, creator, said
        self._stop = threading.Event()

    def run(self, files: list[Path], jobs: int) -> list[Outcome]:
        """What became of each, in the order given."""
        with _bars() as bars, ThreadPoolExecutor(max(1, min(jobs, len(files)))) as pool:
            whole = bars.add_task("all", total=len(files), visible=len(files) > 1)
            try:
                return list(pool.map(lambda file: self._one(file, bars, whole), files))
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _one(self, path: Path, bars: Progress, whole: TaskID) -> Outcome:
        bar = bars.add_task(escape(_plain(path.name)), total=None)

        def follow(done: int, total: int, message: str = "") -> None:  # noqa: ARG001 - the bar's length says it
            if self._stop.is_set():
                raise _StoppedError
            bars.update(bar, completed=done, total=total or None)

        try:
            return self._brought_in(path, follow)
        finally:
            bars.remove_task(bar)
            bars.advance(whole)

    def _brought_in(self, path: Path, progress: progress.Progress) -> Outcome:
        where, was_here = _plain(str(path)), False
        try:
            try:
                item_id = self._platform.ingest.take_in(path, self._creator.id, **self._said)
            except AlreadyTaken as error:  # Published, or left waiting by a run that was stopped.
                item_id = ItemId(error.item_id)
                was_here = self._platform.catalog.own_item(item_id, self._creator.id).status is ItemStatus.PUBLISHED
            return _outcome(where, self._platform.ingest.finish(item_id, progress), was_here)
        except BadInput as error:
            return Outcome(where, REFUSED, error=error.message, hint=error.hint)
        except OpenForYouError as error:
            return Outcome(where, FAILED, error=error.message, hint=error.hint)
        except Exception as error:
            _log.exception("%s could not be taken in", where)
            return Outcome(where, FAILED, error=f"{type(error).__name__} at {where}.", hint="Run the command again.")


def _outcome(path: str, ended: Processed, was_here: bool) -> Outcome:
    public_id = encode_id(ended.item_id)
    if ended.status is ItemStatus.FAILED:
        return Outcome(path, FAILED, public_id, ended.error, ended.hint or None)
    if ended.status is ItemStatus.NEEDS_SOUND:
        return Outcome(path, HELD, public_id, ended.error, ended.hint or None)
    if ended.status is ItemStatus.HELD:
        return Outcome(path, HELD, public_id, ended.error, "`openforyou copies list` shows beside what.")
    if ended.status is not ItemStatus.PUBLISHED:
        return Outcome(path, REFUSED, public_id, ended.error or "It was withdrawn meanwhile.", ended.hint or None)
    return Outcome(
        path,
        HERE if was_here else PUBLISHED,
        public_id,
        duration_ms=ended.duration_ms,
        width=ended.width,
        height=ended.height,
        has_sound=ended.has_sound,
    )


def _plain(name: str) -> str:
    """`name` such that it can be printed and parsed: what is not Unicode, or moves the cursor, is escaped."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in name)


@contextmanager
def _bars() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield bars


def _print(outcomes: list[Outcome]) -> None:
    """A line a file; what was refused goes to standard error with its reason."""
    for each in outcomes:
        if each.is_well:
            sound = "sound" if each.has_sound else "silent"
            seconds = (each.duration_ms or 0) / 1_000
            typer.echo(f"{each.outcome}  {each.path}  {seconds:.1f} s, {each.width}×{each.height}, {sound}  {each.id}")
        else:
            typer.secho(f"{each.outcome}  {each.path}", fg="red", err=True)
            typer.echo(f"    {each.error or ''} {each.hint or ''}".rstrip(), err=True)
    if not outcomes:
        typer.echo("No video files there.", err=True)
    well = sum(outcome.is_well for outcome in outcomes)
    if outcomes and well < len(outcomes):
        typer.echo(f"{well} of {len(outcomes)} are in the catalogue.", err=True)
