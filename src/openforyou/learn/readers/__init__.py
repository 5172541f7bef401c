"""Files of interactions as they are passed around, each format in its own module, told apart by content.

    pairs         `viewer item`, a line each, in order of time             SASRec's ml-1m.txt
    lists         `viewer item item …`, a line a viewer                    S3-Rec's beauty.txt
    atomic        tab-separated, a head as `user_id:token`                 RecBole's .inter
    ratings       comma-separated, head `userId,movieId,rating,timestamp`  MovieLens' ratings.csv
    stars         `1::1193::5::978300760`, or between tabs                 MovieLens' ratings.dat, u.data
    amazon_csv    `user,item,rating,timestamp`, with a head or without     Amazon reviews 2014, 2018, 2023
    amazon_lines  a review in JSON on each line                            the same, whole
    watches       a head with user_id, video_id and how long               KuaiRand, KuaiRec
    comments      a head `user,item,timestamp`                             MicroLens
    parts         a folder with its own train.txt, valid.txt, test.txt     DiffMM's tiktok

Each may be packed with gzip. A file is read line by line and each complaint names its line. Numbers of viewers and
items are those of the file; where it has names instead, a number is made of each, the same one in every file.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from openforyou.learn.errors import BadInteractions
from openforyou.learn.readers import (
    amazon_csv,
    amazon_lines,
    atomic,
    comments,
    lists,
    pairs,
    parts,
    ratings,
    stars,
    watches,
)
from openforyou.learn.readers.columns import Columns, opened

READERS = (atomic, ratings, stars, amazon_csv, amazon_lines, watches, comments, pairs, lists)
SNIFFED_LINES = 50
FILE_BYTES_MAX = 4 << 30


def read(path: Path) -> Columns:
    """The interactions in `path`. Raises `BadInteractions`, naming the file and the line."""
    try:
        size = path.stat().st_size
        if path.is_dir() and parts.recognises(path):
            return parts.read(path).in_order(path)
        if path.is_dir():
            raise BadInteractions(path, "is a folder.", hint=f"Name the file in it, or {parts.LOOKS_LIKE}.")
        if size > FILE_BYTES_MAX:
            raise BadInteractions(path, f"has {size >> 20:,} MB.", hint=f"{FILE_BYTES_MAX >> 20:,} MB is the most.")
        with opened(path) as file:
            lines = [line.rstrip("\r\n") for _, line in zip(range(SNIFFED_LINES), file, strict=False)]
    except FileNotFoundError:
        raise BadInteractions(path, "is not there.", hint="Check the path.") from None
    except PermissionError:
        raise BadInteractions(path, "may not be read.", hint="Check its permissions.") from None
    except UnicodeDecodeError:
        raise BadInteractions(path, "is not text.", hint=_known()) from None
    except _TORN as error:
        raise _torn(path, error) from None
    head = [line for line in lines if line.strip()]
    if not head:
        raise BadInteractions(path, "is empty.", hint=_known())
    for reader in READERS:
        if reader.recognises(head):
            try:
                columns: Columns = reader.read(path)
            except UnicodeDecodeError:
                raise BadInteractions(path, "is not text throughout.", hint="Save it as UTF-8.") from None
            except _TORN as error:
                raise _torn(path, error) from None
            return columns.in_order(path)
    raise BadInteractions(path, f"starts {head[0][:60]!r}, which no reader knows.", line=1, hint=_known())


_TORN = (EOFError, gzip.BadGzipFile, zlib.error)


def _torn(path: Path, error: Exception) -> BadInteractions:
    return BadInteractions(path, f"cannot be unpacked: {error}", hint="Download it again: `gzip -t` checks it.")


def _known() -> str:
    return "Known are: " + "; ".join(reader.LOOKS_LIKE for reader in (*READERS, parts)) + "."
