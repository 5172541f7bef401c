"""Every importer that there is, held to the same promise over every layout that is known."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

from openforyou.ingest import imports
from openforyou.ingest.imports.archive import Archive, ArchiveLimits
from openforyou.ingest.imports.containers import opened
from openforyou.ingest.imports.errors import BadArchive, UnknownArchive
from openforyou.ingest.imports.importer import Importer
from openforyou.ingest.imports.registry import IMPORTERS, importer_of
from openforyou.ingest.imports.types import Entry, EntryKind, Skipped
from openforyou.ingest.imports.working import found_in
from tests.ingest.imports.builders import LAYOUTS, Layout, folded, tarred, zipped

CASES = [(importer, layout) for importer in IMPORTERS for layout in LAYOUTS[importer.name]()]
NAMES = [layout.name for _, layout in CASES]
each_layout = pytest.mark.parametrize(("importer", "layout"), CASES, ids=NAMES)


@contextmanager
def archive_of(path: Path, tmp_path: Path) -> Iterator[Archive]:
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    with opened(path, path.name, ArchiveLimits(), work) as archive:
        yield archive


def read(importer: Importer, archive: Archive) -> tuple[list[Entry], list[Skipped]]:
    found = list(importer.entries(archive))
    return [one for one in found if isinstance(one, Entry)], [one for one in found if isinstance(one, Skipped)]


def test_every_importer_is_registered_and_has_layouts() -> None:
    written = {
        value.__name__
        for module in iter_modules(imports.__path__)
        for name, value in vars(import_module(f"{imports.__name__}.{module.name}")).items()
        if isinstance(value, type) and hasattr(value, "recognises") and value is not Importer
    }
    assert written == {type(importer).__name__ for importer in IMPORTERS}
    assert {importer.name for importer in IMPORTERS} == set(LAYOUTS)
    assert all(importer.title and importer.hint for importer in IMPORTERS)


@each_layout
@pytest.mark.parametrize("how", ["zip", "below a folder", "folder", "tar.gz", "tar"])
def test_it_is_recognised_by_its_content_however_it_is_packed(
    importer: Importer, layout: Layout, how: str, tmp_path: Path
) -> None:
    path = {
        "zip": lambda: zipped(tmp_path / "any.bin", layout.files),
        "below a folder": lambda: zipped(tmp_path / "any.zip", layout.files, "some folder/deep/"),
        "folder": lambda: folded(tmp_path / "folder", layout.files),
        "tar.gz": lambda: tarred(tmp_path / "any.tgz", layout.files),
        "tar": lambda: tarred(tmp_path / "any.tar", layout.files, "w:"),
    }[how]()
    with archive_of(path, tmp_path) as archive:
        assert importer_of(archive) is importer
        entries, _ = read(importer, archive)
        owner = importer.owner(archive)
    kinds = [entry.kind for entry in entries]
    assert (kinds.count(EntryKind.VIDEO), kinds.count(EntryKind.PHOTOS), kinds.count(EntryKind.ARTICLE)) == (
        layout.films,
        layout.photos,
        layout.articles,
    )
    assert owner.platform == importer.name
    assert layout.owner in (owner.handle, owner.id)


@each_layout
def test_entries_are_known_again_and_say_why_they_do_not_come(
    importer: Importer, layout: Layout, tmp_path: Path
) -> None:
    with archive_of(zipped(tmp_path / "a.zip", layout.files), tmp_path) as archive:
        first, second = read(importer, archive), read(importer, archive)
        names = set(archive.names)
    assert first == second
    entries, skipped = first
    ids = [entry.external_id for entry in entries]
    assert len(set(ids)) == len(ids)
    assert all(ids)
    for entry in entries:
        assert set(entry.media) <= names
        assert entry.media or entry.link or entry.kind is EntryKind.ARTICLE
        assert entry.title or entry.created_at
        assert "\0" not in f"{entry.title}{entry.caption}"
    assert all(one.what and one.reason.endswith(".") for one in skipped)


@each_layout
def test_without_its_media_everything_is_skipped_or_a_link(importer: Importer, layout: Layout, tmp_path: Path) -> None:
    documents = {name: content for name, content in layout.files.items() if not name.endswith((".mp4", ".jpg", ".png"))}
    with archive_of(zipped(tmp_path / "a.zip", documents), tmp_path) as archive:
        entries, skipped = read(importer_of(archive), archive)
    assert all(not entry.media for entry in entries)
    assert all(entry.link or entry.kind is EntryKind.ARTICLE for entry in entries)
    assert len(entries) + len(skipped) >= 1


HOSTILE: list[Any] = [
    None,
    True,
    -1,
    2**70,
    1e308,
    "",
    "x" * 10_000,
    "../../etc/passwd",
    [],
    {},
    [[]],
    ["a", {}],
    {"a": {}},
]


def spoilt(value: Any, lottery: random.Random) -> Any:
    """The same with some values replaced by what should not be there."""
    if lottery.random() < 0.15:
        return lottery.choice(HOSTILE)
    if isinstance(value, dict):
        return {key: spoilt(each, lottery) for key, each in value.items() if lottery.random() > 0.05}
    if isinstance(value, list):
        return [spoilt(each, lottery) for each in value]
    return value


@each_layout
@pytest.mark.parametrize("seed", range(6))
def test_hostile_values_break_nothing(importer: Importer, layout: Layout, seed: int, tmp_path: Path) -> None:
    lottery = random.Random(f"{layout.name}{seed}")
    files = dict(layout.files)
    for name, content in files.items():
        if name.endswith(".json"):
            files[name] = json.dumps(spoilt(json.loads(content), lottery)).encode()
        elif name.endswith((".csv", ".xml", ".rss", ".car")):
            at = lottery.randrange(len(content))
            files[name] = content[:at] + lottery.randbytes(5) + content[at + lottery.randrange(40) :]
    with archive_of(zipped(tmp_path / "a.zip", files), tmp_path) as archive:
        try:
            found = found_in(archive)
        except (BadArchive, UnknownArchive):
            return
        assert all(entry.external_id for entry in found.entries)


@each_layout
@pytest.mark.parametrize("junk", [b"", b"\0" * 100, b"[" * 100_000, b'{"a": NaN}', b"\xff\xfe\xfd", b"<a><b>"])
def test_documents_of_junk_are_refused_or_skipped(
    importer: Importer, layout: Layout, junk: bytes, tmp_path: Path
) -> None:
    files = {
        name: junk if name.endswith((".json", ".csv", ".xml", ".rss", ".car")) else content
        for name, content in layout.files.items()
    }
    with archive_of(zipped(tmp_path / "a.zip", files), tmp_path) as archive:
        try:
            found = found_in(archive)
        except (BadArchive, UnknownArchive):
            return
        assert found.entries or all(one.reason for one in found.skipped)
