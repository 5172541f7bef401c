"""From an archive to items: what comes along, who may see it, and that nothing comes in twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openforyou.app.platform import Platform
from openforyou.catalog.types import ITEM_RIGHTS, Creator, Item, ItemKind, ItemStatus, Right
from openforyou.core.errors import Conflict
from openforyou.ingest.imports import store
from openforyou.ingest.imports.errors import BadArchive, NotYours, UnknownArchive, Unproven
from openforyou.ingest.imports.service import Imports, Source
from openforyou.ingest.imports.types import Asked, Outcome, Report
from openforyou.ingest.imports.working import Pace
from tests.ingest.imports.builders import Files, as_json, instagram, mastodon, rss, snapchat, tiktok, youtube, zipped
from tests.ingest.imports.conftest import FilmOf, Proven

ALL = frozenset(ITEM_RIGHTS)
EVERYTHING = Asked(ALL)
ADA = ("instagram", "@Ada.Films")


def filmed(films: FilmOf) -> Files:
    """Instagram's archive with three films that differ."""
    files = instagram()
    for number, name in enumerate(name for name in files if name.endswith(".mp4")):
        files[name] = films(number)
    return files


def by_title(platform: Platform, creator: Creator) -> dict[str, Item]:
    return {item.title: item for item in platform.catalog.items_of(creator.id, everything=True)}


def bring_in(imports: Imports, creator: Creator, path: Path, asked: Asked = EVERYTHING) -> Report:
    return imports.bring_in(creator.id, Source(path, path.name), asked, Pace(finish=True))


def test_without_a_proof_everything_stays_private_and_unlearned(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf
) -> None:
    report = bring_in(imports, creator, zipped(archive_path, filmed(film_of)))
    assert not report.standing.is_good
    assert "ada.films" in report.standing.why
    assert report.count(Outcome.TAKEN) == 3
    items = by_title(platform, creator)
    assert {item.status for item in items.values()} == {ItemStatus.PUBLISHED}
    assert all(platform.catalog.item_rights(item.id) == frozenset() for item in items.values())
    assert platform.catalog.items_of(creator.id) == []
    assert platform.catalog.newest(10) == []


def test_what_is_known_of_elsewhere_comes_along(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf
) -> None:
    bring_in(imports, creator, zipped(archive_path, filmed(film_of)))
    item = by_title(platform, creator)["Köln am Rhein 🌇"]
    assert item.caption == "Köln am Rhein 🌇\nSchön war's"
    assert item.posted_at == datetime(2023, 1, 15, 10, 30, tzinfo=UTC)
    assert item.cross_post


def test_photos_are_kept_for_the_studio_and_missing_files_are_told(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf
) -> None:
    report = bring_in(imports, creator, zipped(archive_path, filmed(film_of)))
    skipped = {line.title: line for line in report.lines if line.outcome is Outcome.SKIPPED}
    assert "studio" in skipped["Two pictures"].reason
    assert skipped["Two pictures"].files == ("media/posts/202302/a.jpg", "media/posts/202302/b.jpg")
    assert "gone.mp4 is not in the archive" in skipped["Gone"].reason
    with platform.database.connect() as connection:
        kept = store.entries_of(connection, creator.id, "instagram")
    assert {row.outcome for row in kept.values()} == {"taken", "skipped"}


def test_a_proof_gives_what_was_asked_for_and_its_lapse_takes_it_back(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf, proofs: Proven
) -> None:
    bring_in(imports, creator, zipped(archive_path, filmed(film_of)), Asked(ALL, show_private=True))
    assert imports.settle(creator.id) == (0, 0)
    proofs.accounts.append(ADA)
    assert imports.settle(creator.id) == (3, 0)
    assert imports.settle(creator.id) == (0, 0)
    items = by_title(platform, creator).values()
    assert all(platform.catalog.item_rights(item.id) == ALL for item in items)
    proofs.accounts.clear()
    assert imports.settle_all() == (0, 3)
    assert all(platform.catalog.item_rights(item.id) == frozenset() for item in items)
    proofs.accounts.append(ADA)
    assert imports.settle(creator.id) == (3, 0)


def test_what_was_not_public_gets_no_right_unless_explicitly(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf, proofs: Proven
) -> None:
    proofs.accounts.append(ADA)
    path = zipped(archive_path, filmed(film_of))
    bring_in(imports, creator, path)
    rights = {title: platform.catalog.item_rights(item.id) for title, item in by_title(platform, creator).items()}
    assert rights == {"Köln am Rhein 🌇": ALL, "A reel": ALL, "Untitled": frozenset()}, "stories were for a day"
    bring_in(imports, creator, path, Asked(ALL, show_private=True))
    assert all(platform.catalog.item_rights(item.id) == ALL for item in by_title(platform, creator).values())


def test_an_import_done_again_takes_nothing_in_twice(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf
) -> None:
    path = zipped(archive_path, filmed(film_of))
    bring_in(imports, creator, path)
    before = set(by_title(platform, creator))
    again = bring_in(imports, creator, path)
    assert [line.reason for line in again.lines if line.outcome is Outcome.TAKEN] == ["It is here already."] * 3
    assert set(by_title(platform, creator)) == before


def test_a_file_that_was_uploaded_before_keeps_its_own_rights(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf, tmp_path: Path
) -> None:
    film = tmp_path / "mine.mp4"
    film.write_bytes(film_of(0))
    mine = platform.ingest.take_in(film, creator.id, rights={Right.SHOW}, evidence="ticked")
    report = bring_in(imports, creator, zipped(archive_path, filmed(film_of)))
    assert report.count(Outcome.HERE) == 1
    assert platform.catalog.item_rights(mine) == {Right.SHOW}
    imports.choose(mine, creator.id, {Right.SHOW, Right.LEARN}, "ticked")
    assert platform.catalog.item_rights(mine) == {Right.SHOW, Right.LEARN}


def test_the_archive_of_somebody_else_is_refused_with_nothing_taken_in(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf, proofs: Proven
) -> None:
    proofs.accounts.append(("instagram", "somebody.else"))
    with pytest.raises(NotYours, match=r"ada\.films") as refused:
        bring_in(imports, creator, zipped(archive_path, filmed(film_of)))
    assert "somebody.else" in refused.value.message
    assert "your own account" in refused.value.hint
    assert by_title(platform, creator) == {}


def test_an_operators_word_gives_the_rights_and_is_their_evidence(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf
) -> None:
    asked = Asked(frozenset({Right.SHOW}), licence="CC BY 4.0", evidence="contract 7")
    bring_in(imports, creator, zipped(archive_path, filmed(film_of)), asked)
    item = by_title(platform, creator)["A reel"]
    assert platform.catalog.item_rights(item.id) == {Right.SHOW}
    with platform.database.connect() as connection:
        evidence = connection.exec_driver_sql(
            "SELECT evidence FROM rights WHERE subject_id = %(item)s AND until IS NULL", {"item": item.id}
        ).scalar_one()
    assert "CC BY 4.0" in evidence
    assert "contract 7" in evidence


def test_the_creator_cannot_give_by_hand_what_is_not_proven(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf, proofs: Proven
) -> None:
    bring_in(imports, creator, zipped(archive_path, filmed(film_of)), Asked())
    item = by_title(platform, creator)["A reel"]
    with pytest.raises(Unproven, match=r"ada\.films") as refused:
        imports.choose(item.id, creator.id, {Right.SHOW}, "ticked")
    assert "Prove" in refused.value.hint
    assert platform.catalog.item_rights(item.id) == frozenset()
    proofs.accounts.append(ADA)
    imports.settle(creator.id)
    assert platform.catalog.item_rights(item.id) == {Right.SHOW}, "it was wanted, and now it is proven"
    imports.choose(item.id, creator.id, (), "ticked")
    imports.settle(creator.id)
    assert platform.catalog.item_rights(item.id) == frozenset(), "what they took back stays taken back"


def test_counts_of_elsewhere_are_history_and_never_ours(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf
) -> None:
    files: Files = {"user_data_tiktok.json": as_json(tiktok(count=1)), "v/7301000000000000000.mp4": film_of(0)}
    bring_in(imports, creator, zipped(archive_path, files))
    (item,) = by_title(platform, creator).values()
    with platform.database.connect() as connection:
        (row,) = store.entries_of(connection, creator.id, "tiktok").values()
    assert row.history == {"likes": 1_234}
    assert row.sound == "original sound"
    assert row.is_ai is False
    counts = platform.events.counts([item.id])[item.id]
    assert (counts.likes, counts.views) == (0, 0)


def test_a_broken_film_stops_nothing_else_and_is_tried_again(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf
) -> None:
    files = filmed(film_of)
    good, files["media/reels/r1.mp4"] = files["media/reels/r1.mp4"], b"no film at all"
    report = bring_in(imports, creator, zipped(archive_path, files))
    assert (report.count(Outcome.TAKEN), report.count(Outcome.REFUSED)) == (2, 1)
    (refused,) = [line for line in report.lines if line.outcome is Outcome.REFUSED]
    assert "r1.mp4" in refused.reason
    files["media/reels/r1.mp4"] = good
    assert bring_in(imports, creator, zipped(archive_path, files)).count(Outcome.TAKEN) == 3


def test_five_thousand_entries(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf
) -> None:
    files: Files = {"user_data_tiktok.json": as_json(tiktok(count=5_000)), "v/7301000000000004999.mp4": film_of(0)}
    imports.fetcher = None
    path = zipped(archive_path, files)
    report = bring_in(imports, creator, path)
    assert len(report.lines) == 5_000
    assert report.count(Outcome.TAKEN) == 1
    with platform.database.connect() as connection:
        assert len(store.entries_of(connection, creator.id, "tiktok")) == 5_000
    assert len(bring_in(imports, creator, path).lines) == 5_000


def test_what_is_no_export_is_refused_by_name(imports: Imports, creator: Creator, tmp_path: Path) -> None:
    path = zipped(tmp_path / "holiday.zip", {"a.txt": b"words"})
    with pytest.raises(UnknownArchive, match=r"holiday\.zip") as refused:
        bring_in(imports, creator, path)
    assert "Instagram" in refused.value.hint
    with pytest.raises(BadArchive, match="can be read"):
        bring_in(imports, creator, tmp_path / "absent.zip")


def test_two_imports_of_one_creator_do_not_run_at_once(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf
) -> None:
    path = zipped(archive_path, filmed(film_of))
    with platform.database.connect() as connection:
        assert store.claim(connection, store.IMPORT_LOCK, creator.id)
        with pytest.raises(Conflict, match="Another import"):
            bring_in(imports, creator, path)


def test_files_that_could_be_either_of_two_are_shown_to_nobody(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf, proofs: Proven
) -> None:
    files = {name: content for name, content in youtube().items() if not name.endswith(".mp4")}
    table = next(name for name in files if name.endswith("videos.csv"))
    files[table] = files[table].replace(b"A title / with signs?", b"Demo: part 1").replace(b"Unlisted", b"Public")
    files["Takeout/x/videos/Demo_ part 1.mp4"] = film_of(0)
    files["Takeout/x/videos/Demo_ part 1(1).mp4"] = film_of(1)
    proofs.accounts.append(("youtube", "UCabcdefghijklmnopqrstuv"))
    report = bring_in(imports, creator, zipped(archive_path, files))
    assert report.standing.is_good
    items = platform.catalog.items_of(creator.id, everything=True)
    assert len(items) == 2
    assert all(platform.catalog.item_rights(item.id) == frozenset() and item.posted_at is None for item in items)


def test_memories_are_private_and_their_place_is_never_kept(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf, proofs: Proven
) -> None:
    proofs.accounts.append(("snapchat", "ada_snap"))
    files = snapchat(with_files=True)
    files["memories/2024-03-01_aaaa-1111-main.mp4"] = film_of(0)
    files["memories/2024-03-09_cccc-3333-main.mp4"] = film_of(1)
    bring_in(imports, creator, zipped(archive_path, files))
    items = platform.catalog.items_of(creator.id, everything=True)
    assert len(items) == 2
    assert all(platform.catalog.item_rights(item.id) == frozenset() for item in items)
    with platform.database.connect() as connection:
        kept = [dict(row._mapping) for row in store.entries_of(connection, creator.id, "snapchat").values()]
    assert "52.1" not in json.dumps([{**row, "posted_at": "", "began_at": ""} for row in kept])


def test_mastodon_keeps_who_it_was_for(
    platform: Platform, imports: Imports, creator: Creator, archive_path: Path, film_of: FilmOf, proofs: Proven
) -> None:
    proofs.accounts.append(("mastodon", "ada@m.example.org"))
    files = mastodon() | {"media_attachments/files/1.mp4": film_of(0), "media_attachments/files/2.mp4": film_of(1)}
    report = bring_in(imports, creator, zipped(archive_path, files))
    rights = {title: platform.catalog.item_rights(item.id) for title, item in by_title(platform, creator).items()}
    assert rights == {"Hello & world": ALL, "For followers": frozenset()}
    assert any("boost" in line.reason for line in report.lines)


def test_an_article_has_words_a_picture_and_a_source_and_no_script(
    platform: Platform, imports: Imports, creator: Creator, tmp_path: Path, proofs: Proven
) -> None:
    proofs.accounts.append(("web", "ada.example.org"))
    imports.fetcher = None
    path = tmp_path / "feed.xml"
    path.write_bytes(rss())
    report = bring_in(imports, creator, path)
    assert report.standing.is_good
    (item,) = platform.catalog.items_of(creator.id)
    assert item.kind is ItemKind.ARTICLE
    assert item.title == "An article"
    assert item.source_url == "https://ada.example.org/article"
    assert item.caption.startswith("Long words about the sea")
    assert 3_000 <= item.duration_ms < 60_000
    assert platform.blobs.size(item.poster_key) > 0
    html = platform.catalog.article(item.id)
    assert html.startswith("<p>Long words")
    assert "script" not in html
    assert "<img" not in html
    assert item.id in platform.catalog.newest(10)
    skipped = {line.title: line.reason for line in report.lines if line.outcome is Outcome.SKIPPED}
    assert "nothing is fetched" in skipped["A film"]
