"""`openforyou import`: somebody's own archive from another platform, or a feed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.errors import CreatorNotFound
from openforyou.catalog.types import Creator, Right
from openforyou.cli.options import DataOption, JsonOption
from openforyou.cli.terminal import progress_bar
from openforyou.core.errors import BadInput
from openforyou.core.ids import encode_id
from openforyou.ingest.imports.errors import HOW_TO_PROVE, Unproven
from openforyou.ingest.imports.service import Source
from openforyou.ingest.imports.types import Asked, Line, Outcome, Report
from openforyou.ingest.imports.working import Pace

SHOWN_MAX = 40
"""Lines on a terminal; `--json` prints all."""


def import_archive(
    archive: Annotated[str, typer.Argument(metavar="ARCHIVE", help="A zip, tar.gz, folder or file; or a feed's URL.")],
    creator: Annotated[str, typer.Option("--creator", metavar="HANDLE", help="Whose archive it is.")],
    show: Annotated[bool, typer.Option("--show", help="Right to show, once it is proven whose it is.")] = False,
    recommend: Annotated[bool, typer.Option("--recommend", help="Right to recommend: in the For You feed.")] = False,
    learn: Annotated[bool, typer.Option("--learn", help="Right to learn: models may be trained on it.")] = False,
    show_private: Annotated[
        bool, typer.Option("--show-private", help="Those rights also for what was not public elsewhere.")
    ] = False,
    licence: Annotated[
        str, typer.Option("--licence", metavar="TEXT", help="The licence under which you hold the rights; recorded.")
    ] = "",
    evidence: Annotated[
        str, typer.Option("--evidence", metavar="TEXT", help="How you know that the rights are held; recorded.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come in, and change nothing.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in somebody's own archive from another platform.

    Known are the exports of Instagram, TikTok, Snapchat, YouTube,
    PeerTube, Mastodon and Bluesky, and feeds (RSS, Atom, Media RSS);
    docs/importing.md says how to get each. Titles, captions, dates and
    privacy come along; audience counts of elsewhere are kept as history.

    No right is assumed. Those asked for hold only where the creator has
    proven the account that the archive is from; an operator may say under
    which licence, or on what evidence, the rights are held instead. Without
    either, everything stays private to the creator and out of every model:
    asking for a right is then refused before anything is taken in.

    Stopped or killed, run it again: it goes on, and takes nothing in twice.
    Exit code 0 only when all that was to come in did.
    """
    given = {Right.SHOW: show, Right.RECOMMEND: recommend, Right.LEARN: learn}
    rights = frozenset(right for right, is_given in given.items() if is_given)
    asked = Asked(rights, show_private, licence.strip(), evidence.strip())
    is_address = archive.startswith(("http://", "https://"))
    source = Source(archive if is_address else Path(archive), archive if is_address else Path(archive).name)
    with Platform(Settings.read(data)) as platform:
        report = _ran(platform, creator, source, asked, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps(_as_dict(report, dry_run=dry_run), indent=2, ensure_ascii=False))
    else:
        _print(report, dry_run=dry_run)
    if report.count(Outcome.REFUSED) or not report.is_whole:
        raise typer.Exit(1)


def _ran(platform: Platform, handle: str, source: Source, asked: Asked, *, dry_run: bool) -> Report:
    imports = platform.imports
    with progress_bar("looking") as progress:
        found = imports.look(source)
        if dry_run:
            try:
                return imports.planned(platform.catalog.creator(handle).id, found, asked)
            except CreatorNotFound:
                return imports.planned(None, found, asked)
        whose = _creator(platform, handle)
        standing = imports.standing(whose.id, found.owner, asked)
        if asked.rights and not standing.is_good:
            raise Unproven(standing.why)
        return imports.bring_in(whose.id, source, asked, Pace(progress, finish=True))


def _creator(platform: Platform, handle: str) -> Creator:
    try:
        return platform.catalog.creator(handle)
    except CreatorNotFound as error:
        raise BadInput(
            error.message, hint=f"Make it first: openforyou ingest --creator {handle} FILE, or sign up on the site."
        ) from None


def _as_dict(report: Report, *, dry_run: bool) -> Mapping[str, Any]:
    return {
        "platform": report.platform,
        "owner": {"handle": report.owner.handle, "id": report.owner.id},
        "dry_run": dry_run,
        "complete": report.is_whole,
        "rights": {"given": report.standing.is_good, "why": report.standing.evidence or report.standing.why},
        "counts": dict(Counter(line.outcome.value for line in report.lines)),
        "entries": [_line(line) for line in report.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    told = {
        "external_id": line.external_id,
        "kind": line.kind,
        "title": line.title,
        "outcome": line.outcome.value,
        "reason": line.reason,
        "id": None if line.item_id is None else encode_id(line.item_id),
        "posted_at": None if line.created_at is None else line.created_at.isoformat(),
        "privacy": line.privacy.value,
        "files": list(line.files),
    }
    return {key: value for key, value in told.items() if value not in (None, "", [])}


def _print(report: Report, *, dry_run: bool) -> None:
    typer.echo(
        f"{report.title}: the archive of {report.owner.handle or report.owner.id or 'somebody it does not name'}"
    )
    for line in report.lines[:SHOWN_MAX]:
        word = "would come in" if dry_run and line.outcome is Outcome.TAKEN else line.outcome.value
        well = line.outcome in (Outcome.TAKEN, Outcome.HERE)
        typer.secho(f"{word}  {line.title}", fg=None if well else "yellow")
        if line.reason:
            typer.echo(f"    {line.reason}")
    if len(report.lines) > SHOWN_MAX:
        typer.echo(f"and {len(report.lines) - SHOWN_MAX} more; --json prints all")
    counts = Counter(line.outcome.value for line in report.lines)
    typer.echo(", ".join(f"{count} {name}" for name, count in counts.items()) or "Nothing is in it.")
    if not report.standing.is_good:
        typer.echo(f"Private to its owner, and out of every model: {report.standing.why}. {HOW_TO_PROVE}", err=True)
