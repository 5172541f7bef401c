"""From a second account's upload to what becomes of it: refused, held, or let pass; and what takes that back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import text

from openforyou.app.platform import Platform
from openforyou.bench.copies.alterations import SINGLE
from openforyou.bench.copies.films import Film, painted, read, write
from openforyou.catalog.types import ITEM_RIGHTS, Creator, ItemStatus
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ItemId, encode_id
from openforyou.ingest.copies.errors import NotHeld
from openforyou.ingest.copies.types import Decision, Verdict
from openforyou.ingest.types import Processed
from openforyou.moderation.claims.rules import ANSWER_DAYS
from openforyou.moderation.claims.types import About, ClaimKind, Ruling

SECONDS = 4.0
Bring = Callable[[Film, str], Processed]


def smaller(film: Film) -> Film:
    """At six tenths of its size: what is tested is the way, not the encoder."""
    return Film(
        np.stack([cv2.resize(one, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA) for one in film.frames]),
        film.per_s,
    )


def room(seed: int) -> Film:
    """One room, the camera fixed; who walks through it, and how, depends on `seed`."""
    wall = np.random.default_rng(1).normal(128, 60, (80, 45, 3))
    wall = np.clip(cv2.resize(wall, (360, 640), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)
    rng = np.random.default_rng(seed)
    tint, speed, phase = rng.integers(0, 256, 3).tolist(), rng.uniform(0.3, 0.9, 2), rng.uniform(0, 6, 2)
    frames = []
    for number in range(round(SECONDS * 24)):
        x, y = 0.5 + 0.4 * np.sin(2 * np.pi * speed * number / 24 + phase)
        frame = wall.copy()
        cv2.circle(frame, (int(360 * x), int(640 * y)), 50, tint, -1)
        frames.append(frame)
    return smaller(Film(np.stack(frames), 24))


@pytest.fixture(scope="module")
def koi() -> Film:
    return smaller(painted("koi", 3, SECONDS))


@pytest.fixture
def creators(platform: Platform) -> dict[str, Creator]:
    return {name: platform.catalog.add_creator(name, name.title()) for name in ("ada", "bob")}


@pytest.fixture
def bring(platform: Platform, creators: dict[str, Creator], tmp_path: Path) -> Bring:
    """Take a film in for a creator, to its end."""

    def bring(film: Film, who: str) -> Processed:
        path = write(film, tmp_path / f"{who}.mp4")
        item_id = platform.ingest.take_in(path, creators[who].id, rights=set(ITEM_RIGHTS), evidence="ticked")
        return platform.ingest.finish(item_id)

    return bring


def altered(film: Film, *kinds: str) -> Film:
    rng = np.random.default_rng(8)
    for kind in kinds:
        film, _ = SINGLE[kind](rng, film, film)
    return film


def test_somebody_elses_altered_clip_is_refused_by_name_and_ones_own_is_not(
    platform: Platform, bring: Bring, koi: Film
) -> None:
    first = bring(koi, "ada")
    assert first.status is ItemStatus.PUBLISHED
    refused = bring(altered(koi, "off-centre crop", "mirror"), "bob")
    assert refused.status is ItemStatus.REFUSED
    assert "a clip of @ada" in refused.error
    assert f"/item/{encode_id(first.item_id)}" in refused.error
    assert "mirrored, cropped by about" in refused.error
    assert refused.hint == "If it is yours, dispute this under My clips."
    (match,) = platform.copies.matches(refused.item_id)
    assert match.comparison.verdict is Verdict.ALTERED
    assert match.comparison.other_id == first.item_id
    assert match.comparison.spans.clip_to_ms - match.comparison.spans.clip_from_ms > 2_500
    again = bring(altered(koi, "caption bar"), "ada")
    assert again.status is ItemStatus.PUBLISHED, "one's own may come again"
    assert platform.copies.matches(again.item_id)[0].comparison.verdict is Verdict.ALTERED
    sibling = bring(smaller(painted("koi", 4, SECONDS)), "bob")
    assert sibling.status is ItemStatus.PUBLISHED, "the same look is no copy"


def test_what_a_claim_cleared_may_be_published_though_it_is_alike(
    platform: Platform, bring: Bring, koi: Film, creators: dict[str, Creator], clock: ManualClock
) -> None:
    first = bring(koi, "ada")
    copy = altered(koi, "grey")
    refused = bring(copy, "bob")
    assert platform.copies.stopping([refused.item_id]) == {refused.item_id: first.item_id}
    about = About(ClaimKind.COPY, creators["ada"].id, refused.item_id, first.item_id)
    claim = platform.claims.open(creators["bob"].id, about, "I filmed it, and she had it from me.")
    clock.advance(timedelta(days=ANSWER_DAYS))
    assert bring(copy, "bob").status is ItemStatus.REFUSED, "a claim alone changes nothing"
    platform.claims.decide(claim.id, Ruling.UPHELD, "Both raw files were looked at.", "anna")
    assert bring(copy, "bob").status is ItemStatus.PUBLISHED


def test_what_is_suspended_keeps_nobody_from_publishing(
    platform: Platform, bring: Bring, koi: Film, creators: dict[str, Creator], clock: ManualClock
) -> None:
    stolen = bring(altered(koi, "grey"), "bob")
    about = About(ClaimKind.THEFT, creators["bob"].id, stolen.item_id)
    claim = platform.claims.open(creators["ada"].id, about, "It is my film, I have the raw file.")
    clock.advance(timedelta(days=ANSWER_DAYS))
    platform.claims.decide(claim.id, Ruling.UPHELD, "Both raw files were looked at.", "anna")
    assert bring(koi, "ada").status is ItemStatus.PUBLISHED


def test_what_was_withdrawn_counts_no_more(platform: Platform, bring: Bring, koi: Film) -> None:
    first = bring(koi, "ada")
    (creator,) = platform.catalog.creators([platform.catalog.item(first.item_id).creator_id]).values()
    platform.catalog.withdraw(first.item_id, creator.id)
    with platform.database.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM copy_prints")) == 0
    assert bring(altered(koi, "grey"), "bob").status is ItemStatus.PUBLISHED


def test_the_same_scene_waits_for_a_person(platform: Platform, bring: Bring, creators: dict[str, Creator]) -> None:
    first = bring(room(1), "ada")
    held = [bring(room(seed), "bob") for seed in (2, 3)]
    assert [one.status for one in held] == [ItemStatus.HELD, ItemStatus.HELD]
    assert "A person looks at both" in held[0].error
    assert platform.catalog.items([one.item_id for one in held]) == {}
    waiting = {(one.item_id, one.comparison.other_id) for one in platform.copies.held()}
    assert {(one.item_id, first.item_id) for one in held} <= waiting
    assert platform.ingest.sweep() == 0
    platform.copies.release(held[0].item_id)
    item = platform.catalog.item(held[0].item_id)
    assert item.reason == ""
    assert platform.blobs.size(item.renditions[0].key) > 0
    platform.copies.refuse(held[1].item_id, "It is the same dance.")
    own = platform.catalog.own_item(held[1].item_id, creators["bob"].id)
    assert (own.status, own.reason, own.renditions) == (ItemStatus.REFUSED, "It is the same dance.", ())
    assert list(platform.blobs.keys(f"items/{encode_id(held[1].item_id)}/")) == []
    assert platform.copies.matches(held[1].item_id)[0].decision is Decision.REFUSED
    assert platform.copies.held() == []
    with pytest.raises(NotHeld):
        platform.copies.release(held[1].item_id)


def test_of_two_copies_at_once_one_passes(
    platform: Platform, creators: dict[str, Creator], koi: Film, tmp_path: Path
) -> None:
    short = Film(koi.frames[:60], koi.per_s)
    waiting = []
    for who, film in (("ada", short), ("bob", altered(short, "large mark"))):
        path = write(film, tmp_path / f"{who}.mp4")
        waiting.append(platform.ingest.take_in(path, creators[who].id, rights=set(ITEM_RIGHTS), evidence="ticked"))
    ended: dict[ItemId, ItemStatus] = {}
    together = threading.Barrier(2)

    def work(item_id: ItemId) -> None:
        together.wait()
        ended[item_id] = platform.ingest.finish(item_id).status

    threads = [threading.Thread(target=work, args=(item_id,)) for item_id in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended.values()) == [ItemStatus.PUBLISHED, ItemStatus.REFUSED]


def test_a_damaged_print_is_left_out_and_the_rest_is_found(
    platform: Platform, bring: Bring, koi: Film, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = bring(smaller(painted("gears", 1, 2.0)), "ada")
    bring(koi, "ada")
    with platform.database.begin() as connection:
        connection.execute(
            text("UPDATE copy_prints SET picture = '\\xdead' WHERE item_id = :item"), {"item": bad.item_id}
        )
    fresh = Platform(platform.settings, clock=platform.clock, database_url=str(platform.database.engine.url))
    with fresh:
        found = fresh.ingest.check(write(altered(koi, "small mark"), tmp_path / "asked.mp4"))
    assert [one.verdict for one in found][:1] == [Verdict.ALTERED]
    assert encode_id(bad.item_id) in caplog.text
    assert "too short" in caplog.text


def test_a_real_clip_is_found_however_it_was_altered(
    platform: Platform, bring: Bring, real_data: Path, tmp_path: Path
) -> None:
    film = read(real_data / "clips" / "pattern-hd-no-bar.mp4", 0.5, SECONDS)
    first = bring(film, "ada")
    for kind in ("rotation", "speed"):
        change, _ = SINGLE[kind](np.random.default_rng(4), film, film)
        (found,) = platform.ingest.check(write(change, tmp_path / "asked.mp4"))
        assert (found.other_id, found.verdict) == (first.item_id, Verdict.ALTERED), kind
