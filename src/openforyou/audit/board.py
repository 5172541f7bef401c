"""The numbers shown, as they were read, on the disk: parted as the recount parts its own, to be held beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openforyou.audit.buckets import Buckets, Parting
from openforyou.audit.errors import ShownFailed
from openforyou.audit.types import CREATOR_COUNTS, ITEM_COUNTS, Page

ROWS_SPARE = 1_000_000
_END = int(np.iinfo(np.int64).max)


class Board:
    """The pages of one list of subjects. Each page may hold at another size of the log: all that lies in its range is
    then counted up to that size, and a platform that never rests can be checked nevertheless.
    """

    def __init__(self, folder: Path, name: str, parting: Parting, leaves: int, *, is_of_creators: bool) -> None:
        self.is_of_creators = is_of_creators
        self.names = CREATOR_COUNTS if is_of_creators else ITEM_COUNTS
        self.size_min: int | None = None
        self.size_max = 0
        dtype = np.dtype([("id", "<i8"), ("numbers", "<i8", (len(self.names),))])
        self._buckets = Buckets(folder, name, parting, dtype)
        self._dtype = dtype
        self._upto: list[int] = []
        self._sizes: list[int] = []
        self._rows = 0
        self._rows_max = leaves + ROWS_SPARE  # whoever has a number has a leaf

    @property
    def is_whole(self) -> bool:
        """Whether the last page was read as well: less is not compared."""
        return bool(self._upto) and self._upto[-1] == _END

    def add(self, page: Page) -> None:
        """The page that follows those added before. Raises `ShownFailed` where it does not follow."""
        ids = page.ids
        within = len(ids) == 0 or (ids[0] > page.after and (page.upto is None or ids[-1] <= page.upto))
        if not within or np.any(ids[1:] <= ids[:-1]) or page.after != (self._upto[-1] if self._upto else 0):
            raise ShownFailed("The numbers shown are not in the order of their ids.")
        self._rows += len(ids)
        if self._rows > self._rows_max:
            raise ShownFailed(f"The numbers of more than {self._rows_max} are shown: the log has not so many leaves.")
        rows = np.empty(len(ids), dtype=self._dtype)
        rows["id"], rows["numbers"] = ids, page.numbers
        self._buckets.add(rows, ids.view(np.uint64))
        self._upto.append(_END if page.upto is None else page.upto)
        self._sizes.append(page.log_size)
        self.size_min = page.log_size if self.size_min is None else min(self.size_min, page.log_size)
        self.size_max = max(self.size_max, page.log_size)

    def rows(self, bucket: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The ids of a bucket, (N,), and the numbers shown of them, (N, K)."""
        rows = self._buckets.rows(bucket)
        return rows["id"], rows["numbers"]

    def sizes(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """(N,): at which size of the log holds what is shown of each subject, be it listed or not."""
        assert self.is_whole, "each id lies in the range of a page"
        page = np.searchsorted(np.array(self._upto, dtype=np.int64), ids, side="left")
        return np.array(self._sizes, dtype=np.int64)[page]
