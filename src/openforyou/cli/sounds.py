"""`openforyou sounds`: register a sound, say who may use it, and give an item that is held another sound, or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.sounds.rules import SPOKEN, spoken_ms
from openforyou.catalog.sounds.types import About, Access, Audience, Licence, Sound
from openforyou.catalog.types import MUTED, ItemStatus, SoundChoice, SoundSource
from openforyou.cli.options import DataOption, JsonOption
from openforyou.cli.terminal import progress_bar
from openforyou.core.errors import BadInput, Conflict
from openforyou.core.ids import CreatorId, ItemId, SoundId, decode_id, encode_id

app = typer.Typer(help="The sound library, and the works that uploads are held against.", no_args_is_help=True)
GRANTED_BY = "operator"
AudioOption = Annotated[
    str, typer.Option("--audio", metavar="WHO", help="Who may use it: everyone, nobody, or handles with commas.")
]
SoundArgument = Annotated[str, typer.Argument(metavar="SOUND", help="Its id, as in its address.")]
ItemArgument = Annotated[str, typer.Argument(metavar="ITEM", help="Its id, as in its address.")]


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="M4A, MP3, WAV, FLAC, Ogg, or a clip with sound.")],
    title: Annotated[str, typer.Option("--title", help="What it is called.")],
    owner: Annotated[str, typer.Option("--owner", help="Whose it is: a creator as @handle, or a name from outside.")],
    licence: Annotated[str, typer.Option("--licence", help=f"One of {', '.join(Licence)}.")],
    audio: AudioOption = "nobody",
    evidence: Annotated[str, typer.Option("--evidence", help="How the licence is known; `licensed` needs it.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a sound.

    Its fingerprint is held against every upload from now on: whoever has
    not the right to use it can publish muted or with another sound. Those
    who have find it in the library. A file that is, or contains, a
    registered work of another owner is refused.
    """
    with Platform(Settings.read(data)) as platform:
        owner_id = platform.catalog.creator(owner).id if owner.startswith("@") else None
        about = About(title, owner, _licence(licence), owner_id, evidence)
        sound = platform.library.add(file, about, _access(platform, audio), GRANTED_BY)
        told = _as_dict(platform, sound)
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else f"{told['id']}  {sound.title}")


@app.command(name="list")
def list_(
    words: Annotated[str, typer.Option("--search", help="In titles and owners.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the sounds, newest first."""
    with Platform(Settings.read(data)) as platform:
        told = [_as_dict(platform, sound) for sound in platform.sounds.search(words, 1_000)]
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    table = Table()
    for heading in ("sound", "title", "owner", "licence", "length", "who may use it"):
        table.add_column(heading)
    for one in told:
        who = ", ".join(one["creators"]) if one["audio"] == Audience.CREATORS else one["audio"]
        cells = (one["id"], one["title"], one["owner"], SPOKEN[Licence(one["licence"])], spoken_ms(one["duration_ms"]))
        table.add_row(*(escape(cell) for cell in (*cells, who)))
    Console().print(table)


@app.command()
def show(sound: SoundArgument, data: DataOption = None) -> None:
    """Show one sound, as JSON: whose it is, who may use it, and the items that use it."""
    with Platform(Settings.read(data)) as platform:
        found = platform.sounds.sound(_sound_id(sound))
        told = _as_dict(platform, found) | {"items": [encode_id(one) for one in platform.sounds.users(found.id)]}
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False))


@app.command()
def grant(
    sound: SoundArgument,
    audio: AudioOption,
    evidence: Annotated[str, typer.Option("--evidence", help="How it is known that the owner gave it.")] = "",
    data: DataOption = None,
) -> None:
    """Say anew who may use a sound. Items of those who may no longer are held at once."""
    _give(sound, audio, evidence, data)


@app.command()
def withdraw(sound: SoundArgument, data: DataOption = None) -> None:
    """Take the right from everybody but the owner.

    Items with the sound leave every feed and page at once, and are held
    until their creators mute them or choose another sound. The work stays
    registered.
    """
    _give(sound, Audience.NOBODY.value, "withdrawn by the operator", data)


@app.command()
def mute(item: ItemArgument, data: DataOption = None) -> None:
    """Publish an item without its sound."""
    _sound_again(item, MUTED, data)


@app.command()
def replace(
    item: ItemArgument,
    sound: Annotated[str, typer.Option("--sound", metavar="SOUND", help="A sound that its creator may use.")],
    from_ms: Annotated[int, typer.Option("--from-ms", help="Where in the sound the clip begins.")] = 0,
    data: DataOption = None,
) -> None:
    """Publish an item with a sound of the library instead of its own."""
    _sound_again(item, SoundChoice(SoundSource.LIBRARY, _sound_id(sound), from_ms), data)


def _give(sound: str, audio: str, evidence: str, data: Path | None) -> None:
    with Platform(Settings.read(data)) as platform:
        held = platform.sounds.give(_sound_id(sound), _access(platform, audio), GRANTED_BY, evidence)
    typer.echo(f"{sound}  may be used by: {audio}.  {len(held)} items are held because of it.")
    for one in held:
        typer.echo(f"    {encode_id(one)}")


def _sound_again(item: str, choice: SoundChoice, data: Path | None) -> None:
    item_id = ItemId(decode_id(item, "ITEM"))
    with Platform(Settings.read(data)) as platform:
        creator = platform.catalog.owner_of(item_id)
        platform.ingest.sound_again(item_id, creator, choice)
        with progress_bar(item) as progress:
            ended = platform.ingest.finish(item_id, progress)
    if ended.status is not ItemStatus.PUBLISHED:
        raise Conflict(f"{item} is {ended.status.value}: {ended.error}", hint=ended.hint)
    typer.echo(f"published  {item}  {'with sound' if ended.has_sound else 'silent'}")


def _sound_id(text: str) -> SoundId:
    return SoundId(decode_id(text, "SOUND"))


def _licence(text: str) -> Licence:
    try:
        return Licence(text)
    except ValueError:
        known = ", ".join(Licence)
        raise BadInput(f"{text!r} is no licence.", hint=f"One of {known}.", field="licence") from None


def _access(platform: Platform, text: str) -> Access:
    if text in {Audience.EVERYONE, Audience.NOBODY}:
        return Access(Audience(text))
    handles = [handle.strip() for handle in text.split(",") if handle.strip()]
    return Access(Audience.CREATORS, frozenset(CreatorId(platform.catalog.creator(handle).id) for handle in handles))


def _as_dict(platform: Platform, sound: Sound) -> dict[str, Any]:
    access = platform.sounds.access([sound.id])[sound.id]
    named = platform.catalog.creators(access.creators)
    return {
        "id": encode_id(sound.id),
        "title": sound.title,
        "owner": sound.owner_name,
        "licence": sound.licence.value,
        "evidence": sound.evidence,
        "duration_ms": sound.duration_ms,
        "beats": len(sound.beats_ms),
        "audio": access.audience.value,
        "creators": sorted(f"@{creator.handle}" for creator in named.values()),
    }
