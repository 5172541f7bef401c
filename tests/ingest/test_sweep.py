"""What sweeping leaves alone: the files of a clip that may come back, when a killed process left its upload behind."""

from __future__ import annotations

from pathlib import Path

from openforyou.app.platform import Platform
from openforyou.catalog.standing import store as standing
from openforyou.catalog.types import ITEM_RIGHTS, ItemStatus
from openforyou.core.ids import encode_id
from tests.ingest.films import Film


def test_a_suspended_clip_keeps_its_files_and_a_withdrawn_one_does_not(platform: Platform, tmp_path: Path) -> None:
    creator = platform.catalog.add_creator("ada", "Ada")
    path = Film(size=(96, 160), seconds=0.6).make(tmp_path / "clip.mp4")
    item_id = platform.ingest.take_in(path, creator.id, rights=frozenset(ITEM_RIGHTS), evidence="for a test")
    platform.ingest.finish(item_id)
    files = list(platform.blobs.keys(f"items/{encode_id(item_id)}/"))
    left_behind = f"uploads/{encode_id(item_id)}-1"
    platform.blobs.put(left_behind, path)
    with platform.database.begin() as connection:
        assert standing.suspend(connection, item_id, "A claim was upheld.")
    assert platform.ingest.sweep() == 1
    assert list(platform.blobs.keys("uploads/")) == []
    assert list(platform.blobs.keys(f"items/{encode_id(item_id)}/")) == files != []
    with platform.database.begin() as connection:
        assert standing.reinstate(connection, item_id)
    back = platform.catalog.item(item_id)
    assert (back.status, platform.blobs.size(back.poster_key) > 0) == (ItemStatus.PUBLISHED, True)
    platform.catalog.withdraw(item_id, creator.id)
    platform.blobs.put(left_behind, path)
    assert platform.ingest.sweep() == 1
    assert list(platform.blobs.keys("items/")) == []
