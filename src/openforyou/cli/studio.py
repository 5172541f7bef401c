"""`openforyou studio`: a slideshow out of photos, clips and a sound, into a file or straight into the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.types import ItemKind, ItemStatus, Right, SoundChoice, SoundSource
from openforyou.cli.options import DataOption
from openforyou.cli.terminal import progress_bar
from openforyou.core.errors import BadInput, Conflict
from openforyou.core.ids import SoundId, decode_id, encode_id
from openforyou.ingest.beats import beats
from openforyou.ingest.soundfiles import samples_of
from openforyou.ingest.studio.render import Sources, render
from openforyou.ingest.studio.storyboard import Fit, Ground, Motion, Storyboard, Transition, read
from openforyou.ingest.workspace import workspace
from openforyou.storage.blobs import local_copy

MOTIONS = (Motion.IN, Motion.LEFT, Motion.OUT, Motion.RIGHT)


def studio(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Photos and clips, in the order of showing.")],
    sound: Annotated[
        str, typer.Option("--sound", metavar="SOUND", help="Of the library, by its id; or a file, with --out.")
    ] = "",
    captions: Annotated[
        list[str] | None, typer.Option("--captions", help="Of the first picture; again for the second, and so on.")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.4, max=60, help="A picture.")] = 2.5,
    transition: Annotated[str, typer.Option("--transition", help=", ".join(Transition))] = "crossfade",
    motion: Annotated[str, typer.Option("--motion", help=f"{', '.join(Motion)}; empty: in turn.")] = "",
    fit: Annotated[str, typer.Option("--fit", help="whole, or fill: that cuts off what is over.")] = Fit.WHOLE.value,
    ground: Annotated[str, typer.Option("--ground", help="Around whole pictures: blur or plain.")] = Ground.BLUR.value,
    on_beat: Annotated[bool, typer.Option("--on-beat/--evenly", help="Cut where the sound has its beats.")] = True,
    large: Annotated[bool, typer.Option("--large", help="1080×1920 instead of 720×1280.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it there.")] = None,
    creator: Annotated[str, typer.Option("--creator", metavar="HANDLE", help="Publish it as theirs.")] = "",
    title: Annotated[str, typer.Option("--title", help="What it shows.")] = "",
    rights: Annotated[str, typer.Option("--rights", help="With commas: show, recommend, learn. Never assumed.")] = "",
    data: DataOption = None,
) -> None:
    """Make a slideshow.

    Pictures stay whole, over a blurred ground of their own, and move
    gently. With a sound, they change on its beat. With --out nothing but
    that file is made; with --creator it goes through the same checks as
    any upload.
    """
    if (out is None) == (not creator):
        raise BadInput("Say where it shall go.", hint="Give one of --out and --creator.", field="out")
    words = captions or []
    shots = [
        {
            "file": str(number),
            "duration_ms": round(1_000 * seconds),
            "caption": words[number] if number < len(words) else "",
            "motion": motion or MOTIONS[number % len(MOTIONS)].value,
            "fit": fit,
            "ground": ground,
            "transition": transition,
        }
        for number in range(len(files))
    ]
    size = {"width": 1_080, "height": 1_920} if large else {}
    told = {"shots": shots, **size}
    if out is not None and (not sound or Path(sound).is_file()):
        track = Path(sound) if sound else None
        found = beats(samples_of(track, track.name)) if track is not None and on_beat else ()
        _render(read(told | {"beats_ms": found}), files, track, out)
        typer.echo(str(out))
        return
    with Platform(Settings.read(data)) as platform, workspace() as folder:
        _made(platform, told, files, sound, on_beat=on_beat, made=out or folder / "slideshow.mp4")
        if creator:
            _publish(platform, folder / "slideshow.mp4", creator, title or files[0].stem, (sound, rights))
        else:
            typer.echo(str(out))


def _made(
    platform: Platform, told: dict[str, object], files: list[Path], sound: str, *, on_beat: bool, made: Path
) -> None:
    if not sound:
        _render(read(told), files, None, made)
        return
    found = platform.sounds.sound(SoundId(decode_id(sound, "sound")))
    told = told | {"beats_ms": found.beats_ms if on_beat else ()}
    with workspace() as folder:
        track = local_copy(platform.blobs, found.audio_key, folder / "sound.m4a")
        _render(read(told), files, track, made)


def _render(board: Storyboard, files: list[Path], sound: Path | None, out: Path) -> None:
    for path in files:
        if not path.is_file():
            raise BadInput(f"{path} is not a file that can be read.", hint="Check the path.", field="FILE")
    names = {str(number): path.name for number, path in enumerate(files)}
    sources = Sources({str(number): path for number, path in enumerate(files)}, sound, threads=2, names=names)
    with progress_bar("rendering") as progress:
        render(board, sources, out, progress)


def _publish(platform: Platform, made: Path, handle: str, title: str, chosen: tuple[str, str]) -> None:
    creator = platform.catalog.creator(handle)
    sound, rights = chosen
    try:
        given = frozenset(Right(name.strip()) for name in rights.split(",") if name.strip())
    except ValueError as error:
        raise BadInput(f"{error}.", hint="The rights are show, recommend and learn.", field="rights") from None
    choice = SoundChoice()
    if sound:
        choice = SoundChoice(SoundSource.LIBRARY, SoundId(decode_id(sound, "sound")))
    item_id = platform.ingest.take_in(
        made,
        creator.id,
        title=title,
        rights=given,
        kind=ItemKind.SLIDESHOW,
        sound=choice,
        evidence="given by the operator at `openforyou studio`",
    )
    with progress_bar(title) as progress:
        ended = platform.ingest.finish(item_id, progress)
    if ended.status is not ItemStatus.PUBLISHED:
        raise Conflict(f"{title} is {ended.status.value}: {ended.error}", hint=ended.hint)
    typer.echo(f"published  {encode_id(item_id)}  {ended.duration_ms / 1_000:.1f} s")
