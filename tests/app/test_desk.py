"""The desk: a sound of a store that is elsewhere is fetched once, whole, and thrown away after a day."""

from __future__ import annotations

import os
from pathlib import Path
from time import time

import pytest

from openforyou.app.desk import LIFE_S, Desk
from openforyou.core.errors import NotFound
from openforyou.core.ids import AccountId
from openforyou.storage.blobs import FsspecBlobs


def test_a_blob_elsewhere_is_copied_once_and_thrown_away_after_a_day(tmp_path: Path) -> None:
    blobs, desk = FsspecBlobs("memory://desk"), Desk(tmp_path / "studio")
    (tmp_path / "song").write_bytes(b"a song")
    blobs.put("sounds/1/sound.m4a", tmp_path / "song")
    copy = desk.copy_of(blobs, "sounds/1/sound.m4a")
    assert copy.read_bytes() == b"a song"
    blobs.delete("sounds/1/sound.m4a")
    assert desk.copy_of(blobs, "sounds/1/sound.m4a") == copy, "not fetched again"
    assert [path.name for path in copy.parent.iterdir()] == ["data"]
    with pytest.raises(NotFound):
        desk.copy_of(blobs, "sounds/2/sound.m4a")
    desk.new_file(AccountId(1), "a.jpg")
    assert copy.is_file()
    long_ago = time() - LIFE_S - 60
    os.utime(copy.parent, (long_ago, long_ago))
    desk.new_file(AccountId(1), "b.jpg")
    assert not copy.exists()
    desk.close()
