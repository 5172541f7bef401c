"""Paths and bytes of tiles and bundles: the examples of tlog-tiles, and no second spelling of anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.ledger.errors import BadEntry, BadTile
from openforyou.ledger.tiles import (
    BUNDLE_BYTES_MAX,
    ENTRY_BYTES_MAX,
    LEVEL_MAX,
    TILE_WIDTH,
    TilePlace,
    bundle_path,
    bundle_places,
    decode_bundle,
    decode_tile,
    encode_bundle,
    encode_tile,
    parse_path,
    tile_levels,
    tile_path,
    tile_places,
    tile_width,
)

PLACES = st.builds(
    TilePlace,
    st.one_of(st.none(), st.integers(0, LEVEL_MAX)),
    st.integers(0, 2**63),
    st.integers(1, TILE_WIDTH),
)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (TilePlace(0, 1234067), "tile/0/x001/x234/067"),
        (TilePlace(0, 0), "tile/0/000"),
        (TilePlace(1, 999, 1), "tile/1/999.p/1"),
        (TilePlace(1, 1000, 255), "tile/1/x001/000.p/255"),
        (TilePlace(63, 1_000_000), "tile/63/x001/x000/000"),
        (TilePlace(7, 10**18), "tile/7/x001/x000/x000/x000/x000/x000/000"),
        (TilePlace(None, 273, 112), "tile/entries/273.p/112"),
        (TilePlace(None, 1234067), "tile/entries/x001/x234/067"),
    ],
)
def test_paths_of_the_specification(place: TilePlace, path: str) -> None:
    assert place.path == path
    assert parse_path(path) == place
    if place.level is None:
        assert bundle_path(place.index, place.width) == path
    else:
        assert tile_path(place.level, place.index, place.width) == path


@given(PLACES)
def test_a_path_leads_back_to_its_place(place: TilePlace) -> None:
    assert parse_path(place.path) == place


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/100/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/x1/002",
        "tile/0/X001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/x001.p/1/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/\u0661/000",
        "tile/0/000\n",
        "tile/0/../000",
        "tile/entry/000",
        "tile/entries",
        "tile/0/" + "x001/" * 7 + "000",
        "tile/0/" + "x001/" * 5_000 + "000",
        "checkpoint",
    ],
)
def test_another_spelling_is_no_path(path: str) -> None:
    with pytest.raises(BadTile, match="not the path"):
        parse_path(path)


@pytest.mark.parametrize("wrong", [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 10**21, 1), (0, 0, 0), (0, 0, 257)])
def test_no_place_is_made_that_no_path_leads_to(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="tile"):
        tile_path(*wrong)


def test_the_tiles_of_a_tree_of_70000_as_the_specification_counts_them() -> None:
    places = list(tile_places(70_000))
    full = [(place.level, place.index) for place in places if place.width == TILE_WIDTH]
    assert full == [*((0, index) for index in range(273)), (1, 0)]
    partial = [(place.level, place.index, place.width) for place in places if place.width < TILE_WIDTH]
    assert partial == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert [place.path for place in tile_places(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert list(tile_places(0)) == list(bundle_places(0)) == []


@pytest.mark.parametrize(
    ("size", "levels"), [(0, 0), (1, 1), (255, 1), (256, 2), (65_535, 2), (65_536, 3), (2**63 - 1, 8)]
)
def test_the_number_of_levels(size: int, levels: int) -> None:
    assert tile_levels(size) == levels


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_growing_names_each_tile_that_changed_and_no_other(one: int, other: int) -> None:
    old, new = sorted((one, other))
    before = {(place.level, place.index): place.width for place in (*tile_places(old), *bundle_places(old))}
    after = {(place.level, place.index): place.width for place in (*tile_places(new), *bundle_places(new))}
    changed = {(place.level, place.index): place.width for place in (*tile_places(new, old), *bundle_places(new, old))}
    assert changed == {key: width for key, width in after.items() if before.get(key) != width}
    for (level, index), width in after.items():
        assert tile_width(new, level or 0, index) == width
        assert width == min(TILE_WIDTH, new // 256 ** (level or 0) - index * 256)
    assert tile_width(new, 0, -(-new // 256)) == 0


@given(st.integers(1, TILE_WIDTH))
def test_a_tile_is_its_hashes_in_a_row(width: int) -> None:
    hashes = [bytes([number]) * 32 for number in range(width)]
    data = encode_tile(hashes)
    assert len(data) == width * 32
    assert decode_tile(data, width) == hashes
    for wrong in (data[:-1], data + b"\x00", data + bytes(32), b""):
        with pytest.raises(BadTile, match=r"^tile/0/007: "):
            decode_tile(wrong, width, "tile/0/007")


def test_what_is_no_tile_is_not_written() -> None:
    for hashes in ([], [bytes(32)] * 257, [bytes(31)], [bytes(32), bytes(33)]):
        with pytest.raises(ValueError, match="256 hashes"):
            encode_tile(hashes)


def test_a_bundle_is_entries_with_their_lengths_before_them() -> None:
    entries = [b"", b"a", b"bc" * 200]
    assert encode_bundle(entries) == b"\x00\x00" + b"\x00\x01a" + b"\x01\x90" + b"bc" * 200
    assert decode_bundle(encode_bundle(entries), 3) == entries


@given(
    st.one_of(
        st.lists(st.binary(max_size=300), min_size=1, max_size=TILE_WIDTH),
        st.integers(0, 600).flatmap(
            lambda length: st.lists(st.binary(min_size=length, max_size=length), min_size=1, max_size=20)
        ),
    ),
    st.data(),
)
def test_a_bundle_gives_back_its_entries_and_nothing_else_passes_for_it(
    entries: list[bytes], data: st.DataObject
) -> None:
    bundle, width = encode_bundle(entries), len(entries)
    assert decode_bundle(bundle, width) == entries
    cut = data.draw(st.integers(0, len(bundle) - 1))
    wrong = [(bundle[:cut], width), (bundle + b"\x00", width), (bundle + b"\x00\x00", width), (bundle + bundle, width)]
    if width < TILE_WIDTH:
        wrong.append((bundle, width + 1))
    if width > 1:
        wrong.append((bundle, width - 1))
    for damaged, claimed in wrong:
        with pytest.raises(BadTile, match=r"^tile/entries/000: "):
            decode_bundle(damaged, claimed, "tile/entries/000")


@pytest.mark.parametrize(
    "entries",
    [
        # The total of three equal ones, and where equal ones had their lengths, bytes that look like it.
        [b"a" * 10, b"\x00" * 11, b"c" * 9],
        [b"a" * 300, b"\x2c" * 556, b"c" * 44],
    ],
    ids=["low byte", "high byte"],
)
def test_entries_of_several_lengths_are_not_taken_for_equal_ones(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries), 3) == entries


def test_an_error_says_where_a_bundle_breaks() -> None:
    data = encode_bundle([b"a", b"bcd"])
    with pytest.raises(BadTile, match="ends within entry 1 of 2"):
        decode_bundle(data[:-1], 2)
    with pytest.raises(BadTile, match="5 bytes after the last of 1 entries"):
        decode_bundle(data, 1)


@given(st.binary(max_size=200), st.integers(1, 40))
def test_what_a_bundle_gives_is_what_would_be_written_again(data: bytes, width: int) -> None:
    try:
        entries = decode_bundle(data, width)
    except BadTile:
        return
    assert len(entries) == width
    assert encode_bundle(entries) == data


def test_the_largest_bundle_and_one_byte_more() -> None:
    largest = [b"x" * ENTRY_BYTES_MAX] * TILE_WIDTH
    data = encode_bundle(largest)
    assert len(data) == BUNDLE_BYTES_MAX
    assert decode_bundle(data, TILE_WIDTH) == largest
    with pytest.raises(BadEntry, match="entry 1 has 65536 bytes"):
        encode_bundle([b"", b"x" * (ENTRY_BYTES_MAX + 1)])


@pytest.mark.parametrize("count", [0, 257])
def test_a_bundle_has_1_to_256_entries(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 256"):
        encode_bundle([b""] * count)
    with pytest.raises(ValueError, match="1 to 256"):
        decode_bundle(b"\x00\x00" * count, count)
