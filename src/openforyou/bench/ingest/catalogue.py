"""The catalogue that copies are looked for in: items with prints in the database, as ingest enters them.

Each worker reads them into its own index, as it does in service.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from openforyou.bench.bulk import Crowd, fill
from openforyou.bench.copies.distractors import distractors
from openforyou.core.clock import SystemClock
from openforyou.core.progress import Progress
from openforyou.demo.looks import all_looks
from openforyou.demo.music.instruments import RATE_HZ
from openforyou.demo.music.score import Music, perform
from openforyou.ingest.copies.prints import packed as packed_print
from openforyou.ingest.landmarks.pairs import BITS_BIN, BITS_GAP, Pairs, heard, packed
from openforyou.storage.database import Database

TRACKS, TRACK_S, KEYS = 4, 15.0, 60
HISTORY = 10


def entered(database: Database, count: int, seed: int, progress: Progress) -> None:
    """Write `count` items with the prints of their pictures and sounds."""
    fill(database, Crowd(items=count, viewers=1, history=min(HISTORY, count), seed=seed), SystemClock().now())
    with database.connect() as connection:
        ids = [int(one) for one in connection.scalars(text("SELECT id FROM items ORDER BY id"))]
    rng, tracks, done = np.random.default_rng(seed), _tracks(seed), 0
    with database.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None, "no connection behind the pool"
        with driver.cursor() as cursor, cursor.copy("COPY copy_prints (item_id, picture, sound) FROM STDIN") as copy:
            for batch in distractors(count, seed):
                for _, its in batch:
                    copy.write_row((ids[done], packed_print(its), packed(_another(rng, tracks))))
                    done += 1
                progress(done, count, "catalogue")


def _tracks(seed: int) -> list[Pairs]:
    """The landmarks of some pieces of music."""
    return [
        heard(_mono(look.music, np.random.default_rng([seed, number])), RATE_HZ)
        for number, look in enumerate(list(all_looks().values())[:TRACKS])
    ]


def _mono(music: Music, rng: np.random.Generator) -> NDArray[np.float32]:
    return np.asarray(perform(music, TRACK_S, rng).mean(axis=1), np.float32)


def _another(rng: np.random.Generator, tracks: list[Pairs]) -> Pairs:
    """One of the tracks in another key, those of its landmarks alone that are kept."""
    its = tracks[int(rng.integers(len(tracks)))]
    up = int(rng.integers(KEYS))
    return Pairs(its.codes + np.uint32((up << (BITS_BIN + BITS_GAP)) + (up << BITS_GAP)), its.frames).sampled()
