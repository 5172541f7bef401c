"""Bytes are found in whatever form, wherever they lie, across the seams of reading; what was not read is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from openforyou.core.ids import encode_id
from openforyou.privacy import scan as scanning
from openforyou.privacy.scan import GOES, WAL, id_needle, scan, text_needle

NUMBER = 0x1122334455667788


@pytest.mark.parametrize(
    "form",
    [NUMBER.to_bytes(8, "little"), NUMBER.to_bytes(8, "big"), str(NUMBER).encode(), encode_id(NUMBER).encode()],
)
@pytest.mark.parametrize("at", [0, 57, 60, 64, 121])
def test_an_id_is_found_once_in_each_form_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: bytes, at: int
) -> None:
    monkeypatch.setattr(scanning, "CHUNK_BYTES", 64)
    folder = tmp_path / "postgres" / "base"
    folder.mkdir(parents=True)
    (folder / "16384").write_bytes(b"." * at + form + b"." * 7)
    found = scan(tmp_path, [id_needle("viewer", NUMBER)])
    assert [(one.needle, one.file, one.at) for one in found.found] == [("viewer", "postgres/base/16384", at)]
    assert found.counts == {"table files": 1}


def test_areas_are_told_apart_and_what_was_not_read_is_said(tmp_path: Path) -> None:
    for name in ("postgres/pg_wal/0001", "training/events/x/frozen", "log/tile/0", "signing.key"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes("ada@example.org".encode("utf-16-le"))
    found = scan(tmp_path, [text_needle("e-mail", "ada@example.org")], ["media at s3://bucket"])
    told = found.as_dict()
    assert set(told["found"]) == {WAL, "training folder", "public log", "other files"}
    assert told["found"][WAL]["goes"] == GOES[WAL]
    assert told["not_scanned"][0] == "media at s3://bucket"
    assert any("backups" in one for one in told["not_scanned"])
    assert scan(tmp_path, [text_needle("e-mail", "bo@example.org")]).is_clean
