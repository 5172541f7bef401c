"""Every form of file that is passed around, and what is said of one that is not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from openforyou.core.errors import BadInput
from openforyou.learn import readers
from openforyou.learn.serving import Did

PAIRS = "1 10\n1 11\n2 10\n1 12\n"
LISTS = "1 10 11 12\n2 10\n"
ATOMIC = (
    "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    "1\t12\t5\t300\n2\t10\t2\t50\n1\t10\t3\t100\n1\t11\t4\t200\n"
)
RATINGS = "userId,movieId,rating,timestamp\n1,12,5.0,300\n2,10,2.0,50\n1,10,3.0,100\n1,11,4.0,200\n"


@pytest.mark.parametrize("text", [PAIRS, LISTS, ATOMIC, RATINGS], ids=["pairs", "lists", "atomic", "ratings"])
def test_each_form_is_recognised_and_read_in_order_of_time(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.name"
    path.write_text(text)
    columns = readers.read(path)
    assert columns.viewers.tolist() == [1, 1, 1, 2]
    assert columns.items.tolist() == [10, 11, 12, 10]
    assert ((columns.did & Did.VIEW) > 0).all()


def test_enough_stars_say_liked_and_times_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(RATINGS)
    columns = readers.read(path)
    assert [bool(did & Did.LIKE) for did in columns.did] == [False, True, True, False]
    assert columns.at_s.tolist() == [100, 200, 300, 50]


def test_rows_of_one_moment_keep_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("userId,movieId,rating,timestamp\n" + "".join(f"1,{item},3,7\n" for item in (9, 3, 5, 1)))
    assert readers.read(path).items.tolist() == [9, 3, 5, 1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 10\n1 11\n1 12 13 14\n1 15\n", "line 3: has 4 words instead of 2"),
        ("1 10\n1 x\n", "line 2: 'x' is not an item"),
        ("1 10\n-1 11\n", "line 2: '-1' is not a viewer"),
        (f"1 10\n1 {2**63}\n", f"line 2: '{2**63}' is not an item"),
        ("1 10 11 12\n2 10 11\n1 13 14\n", "line 3: viewer 1 stands on line 1 already"),
        ("1 10 11 12\n2\n3 10 11\n", "line 2: viewer 2 has no item"),
        (ATOMIC.replace("\t50", "\tsoon"), "line 3: 'soon' is not a time"),
        (ATOMIC.replace("\t50", "\tnan"), "line 3: 'nan' is not a time"),
        (ATOMIC.replace("\t50", ""), "line 3: has 3 columns instead of 4"),
        (ATOMIC.replace("timestamp", "when"), "line 1: has no column timestamp"),
        (RATINGS.replace("2.0,50", "2.0"), "line 3: has 3 columns instead of 4"),
        (RATINGS.replace("5.0", "five"), "line 2: 'five' is not a rating"),
        (RATINGS.replace("timestamp", "when"), "line 1: has another head"),
        ("userId,movieId,rating,timestamp\n", "holds no interaction"),
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("once upon a time\n", "line 1: starts 'once upon a time', which no reader knows"),
    ],
)
def test_what_cannot_be_read_is_named_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "odd.txt"
    path.write_text(text)
    with pytest.raises(BadInput, match=re.escape(said)) as caught:
        readers.read(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_missing_file_a_folder_and_a_picture_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not there"):
        readers.read(tmp_path / "nowhere.txt")
    with pytest.raises(BadInput, match="is a folder"):
        readers.read(tmp_path)
    picture = tmp_path / "picture.txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(BadInput, match="is not text"):
        readers.read(picture)
    late = tmp_path / "late.txt"
    late.write_bytes(PAIRS.encode() * 4_000 + b"1 \xff\n")
    with pytest.raises(BadInput, match="is not text throughout"):
        readers.read(late)


@pytest.mark.parametrize(
    ("name", "viewers", "items", "rows"),
    [
        ("ml-1m.txt", 6_040, 3_416, 999_611),
        ("beauty.txt", 22_363, 12_101, 198_502),
        ("ml-100k.inter", 943, 1_682, 100_000),
        ("ml-latest-small/ratings.csv", 671, 9_066, 100_004),
    ],
)
def test_the_public_files_hold_what_they_are_known_to_hold(
    real_data: Path, name: str, viewers: int, items: int, rows: int
) -> None:
    columns = readers.read(real_data / "interactions" / name)
    assert (len(np.unique(columns.viewers)), len(np.unique(columns.items)), len(columns.items)) == (
        viewers,
        items,
        rows,
    )
