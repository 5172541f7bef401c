"""Every form of file that is passed around, and what is said of one that is not."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from openforyou.core.errors import BadInput
from openforyou.learn import dataset as door
from openforyou.learn import readers
from openforyou.learn.readers.columns import Columns
from openforyou.learn.serving import Did

PAIRS = "1 10\n1 11\n2 10\n1 12\n"
LISTS = "1 10 11 12\n2 10\n"
ATOMIC = (
    "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    "1\t12\t5\t300\n2\t10\t2\t50\n1\t10\t3\t100\n1\t11\t4\t200\n"
)
RATINGS = "userId,movieId,rating,timestamp\n1,12,5.0,300\n2,10,2.0,50\n1,10,3.0,100\n1,11,4.0,200\n"
DAT = "1::12::5::978300300\n2::10::2::978300050\n1::10::3::978300100\n1::11::4::978300200\n"
U_DATA = DAT.replace("::", "\t")
PAIRS_CSV = "user,item,timestamp\n1,12,1583378629552\n2,10,1583378600000\n1,10,1583378600001\n1,11,1583378600002\n"
NUMBERED = {
    "pairs": PAIRS,
    "lists": LISTS,
    "atomic": ATOMIC,
    "ratings": RATINGS,
    "ratings.dat": DAT,
    "u.data": U_DATA,
    "MicroLens": PAIRS_CSV,
}
AMAZON_2014 = "A1YJEY40YUW4SE,7806397051,1.0,1391040000\nA60XNB876KYML,B0000TZTQK,5.0,1397779200\n"
AMAZON_2018 = "7806397051,A1YJEY40YUW4SE,1.0,1391040000\nB0000TZTQK,A60XNB876KYML,5.0,1397779200\n"
AMAZON_2023 = (
    "user_id,parent_asin,rating,timestamp\n"
    "A1YJEY40YUW4SE,7806397051,1.0,1391040000000\nA60XNB876KYML,B0000TZTQK,5.0,1397779200000\n"
)
LINES_2018 = "".join(
    json.dumps({"overall": stars, "reviewerID": viewer, "asin": item, "unixReviewTime": at, "reviewText": "so, so"})
    + "\n"
    for viewer, item, stars, at in (
        ("A1YJEY40YUW4SE", "7806397051", 1.0, 1391040000),
        ("A60XNB876KYML", "B0000TZTQK", 5.0, 1397779200),
    )
)
LINES_2023 = "".join(
    json.dumps({"rating": stars, "user_id": viewer, "asin": "B000000000", "parent_asin": item, "timestamp": at}) + "\n"
    for viewer, item, stars, at in (
        ("A1YJEY40YUW4SE", "7806397051", 1.0, 1391040000000),
        ("A60XNB876KYML", "B0000TZTQK", 5.0, 1397779200000),
    )
)
AMAZON = {"2014": AMAZON_2014, "2018": AMAZON_2018, "2023": AMAZON_2023, "lines": LINES_2018, "2023 lines": LINES_2023}
KUAIRAND = (
    "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,"
    "play_time_ms,duration_ms,profile_stay_time,comment_stay_time,is_profile_enter,is_rand,tab\n"
    "0,10,20220409,900,1649467982289,0,0,0,0,0,0,0,0,70100,0,0,0,0,0\n"
    "0,11,20220409,900,1649467983000,1,1,0,0,0,0,1,12000,11450,0,0,0,0,1\n"
    "0,12,20220409,900,1649467984000,0,0,0,0,0,1,0,900,51422,0,0,0,0,1\n"
    "0,13,20220409,900,1649467985000,1,0,1,0,1,0,0,25711,51422,0,0,0,0,1\n"
    "0,12,20220409,900,1649467986000,1,0,0,0,0,0,1,51422,51422,0,0,0,0,1\n"
)
KUAIREC = (
    "user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio\n"
    "0,3649,13838,10867,2020-07-05 00:08:23.438,20200705,1593878903.438,1.2733965215790926\n"
    "0,9598,1000,10984,2020-07-05 00:13:41.297,20200705,1593879221.297,0.09104151493080845\n"
    "0,5262,3000,7908,,,,0.37936267071320183\n"
)


@pytest.mark.parametrize("text", NUMBERED.values(), ids=NUMBERED)
def test_each_form_is_recognised_and_read_in_order_of_time(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.name"
    path.write_text(text)
    columns = readers.read(path)
    assert columns.viewers.tolist() == [1, 1, 1, 2]
    assert columns.items.tolist() == [10, 11, 12, 10]
    assert ((columns.did & Did.VIEW) > 0).all()


@pytest.mark.parametrize("text", AMAZON.values(), ids=AMAZON)
def test_a_review_says_the_same_in_every_edition(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.name"
    path.write_text(text)
    columns = readers.read(path)
    reference = tmp_path / "reference"
    reference.write_text(AMAZON_2014)
    same = readers.read(reference)
    assert columns.viewers.tolist() == same.viewers.tolist()
    assert columns.items.tolist() == same.items.tolist()
    assert len(set(columns.viewers.tolist())) == len(set(columns.items.tolist())) == 2
    assert sorted(columns.at_s.tolist()) == [1391040000, 1397779200], "seconds, whatever the file counts"
    assert [bool(did & Did.LIKE) for did in columns.did[np.argsort(columns.at_s)]] == [False, True]


def test_a_watch_log_says_what_was_done_as_the_platform_would(tmp_path: Path) -> None:
    path = tmp_path / "log_random.csv"
    path.write_text(KUAIRAND)
    columns = readers.read(path)
    assert columns.items.tolist() == [11, 12, 13], "merely on screen is nothing; a second look is not a first"
    assert columns.did.tolist() == [
        Did.VIEW | Did.COMPLETE | Did.LIKE,
        Did.SKIP | Did.NOT_INTERESTED,
        Did.VIEW | Did.SHARE,
    ]
    assert columns.watched() == pytest.approx([12000 / 11450, 900 / 51422, 0.5])
    assert columns.followed().tolist() == [False, False, True]
    assert columns.at_s[0] == pytest.approx(1649467983)
    data = door.from_file(path)
    assert data.sequences.followed.tolist() == [False, False, True]
    assert data.sequences.watched == pytest.approx(columns.watched())
    path.write_text(KUAIREC)
    columns = readers.read(path)
    assert columns.items.tolist() == [3649, 9598], "without a time there is no place in the order"
    assert columns.did.tolist() == [Did.VIEW | Did.COMPLETE, Did.SKIP]


@pytest.mark.parametrize("text", [PAIRS, U_DATA, LINES_2018, KUAIRAND], ids=["pairs", "u.data", "reviews", "watches"])
def test_a_packed_file_is_read_as_an_open_one_and_a_torn_one_is_named(tmp_path: Path, text: str) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    told: list[Columns] = [readers.read(plain), readers.read(packed)]
    assert told[0].items.tolist() == told[1].items.tolist()
    assert told[0].at_s.tolist() == told[1].at_s.tolist()
    packed.write_bytes(gzip.compress(text.encode())[:-10])
    with pytest.raises(BadInput, match="cannot be unpacked"):
        readers.read(packed)


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
        (DAT.replace("::2::", "::"), "line 2: has 3 columns instead of 4"),
        (U_DATA.replace("\t5\t", "\tfive\t"), "line 1: 'five' is not a rating"),
        (AMAZON_2014 + "A60XNB876KYML,B0000TZTQK\n", "line 3: has 2 columns instead of 4"),
        (AMAZON_2014 + ",B0000TZTQK,5.0,1397779200\n", "line 3: a viewer has no name"),
        (AMAZON_2023.replace("1391040000000", "then"), "line 2: 'then' is not a time"),
        (LINES_2018 + '{"overall": 5.0}\n', "line 3: lacks one of user_id"),
        (LINES_2018 + "{\n", "line 3: is no JSON"),
        (KUAIRAND.replace(",51422,0,0,0,0,1\n", ",51422,0,0\n", 1), "line 4: has 16 columns instead of 19"),
        (KUAIRAND.replace(",900,51422", ",-,51422"), "line 4: '-' is not a time watched"),
        (KUAIREC.replace("0,9598", "x,9598"), "line 3: 'x' is not a viewer"),
        (PAIRS_CSV.replace("2,10,", "2,ten,"), "line 3: 'ten' is not an item"),
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
