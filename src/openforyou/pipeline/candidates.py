"""The candidates of one request, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
Ids = NDArray[np.int64]


class Columns(Mapping[str, Column]):
    """Columns by name, each of `rows` rows: those told here, and those of `above` at its rows `at` (None: all of them).

    Nothing is copied until it is asked for: a request takes rows a dozen times, and most stages ask for two or three of
    twenty columns, of which some are wide.
    """

    __slots__ = ("_above", "_at", "_here", "rows")

    def __init__(
        self, rows: int, here: Mapping[str, Column], above: Columns | None = None, at: Ids | None = None
    ) -> None:
        self.rows = rows
        self._here = dict(here)
        self._above = above
        self._at = at

    def __getitem__(self, name: str) -> Column:
        holder: Columns | None = self
        way: list[Ids] = []
        while holder is not None and name not in holder._here:
            if holder._at is not None:
                way.append(holder._at)
            holder = holder._above
        if holder is None:
            raise KeyError(name)
        column = holder._here[name]
        if way:
            rows = way.pop()
            while way:
                rows = rows[way.pop()]
            column = self._here[name] = column[rows]
        return column

    def __contains__(self, name: object) -> bool:
        return name in self._here or (self._above is not None and name in self._above)

    def __iter__(self) -> Iterator[str]:
        above = () if self._above is None else self._above
        yield from dict.fromkeys((*above, *self._here))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def told(self, columns: Mapping[str, Column]) -> Columns:
        """These, and those; of the same name those."""
        for name, column in columns.items():
            assert len(column) == self.rows, f"column {name} has {len(column)} rows for {self.rows} ids"
        return Columns(self.rows, columns, self)

    def taken(self, rows: Ids) -> Columns:
        """The same at some rows, in their order."""
        return Columns(len(rows), {}, self, rows)


@dataclass(frozen=True, slots=True)
class Candidates:
    """N distinct ids and any number of columns over them, each of shape (N, …)."""

    ids: Ids  # (N,)
    columns: Columns

    def __post_init__(self) -> None:
        assert self.ids.ndim == 1, f"ids are one row, not {self.ids.shape}"
        assert self.columns.rows == len(self.ids), f"columns of {self.columns.rows} rows for {len(self.ids)} ids"

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    @classmethod
    def of(cls, ids: Any, **columns: Any) -> Candidates:
        """From anything that NumPy can read."""
        distinct = np.asarray(ids, dtype=np.int64)
        given = {name: np.asarray(column) for name, column in columns.items()}
        return cls(distinct, Columns(len(distinct), {}).told(given))

    def with_columns(self, columns: Mapping[str, Column]) -> Candidates:
        """The same candidates, told more."""
        return Candidates(self.ids, self.columns.told(columns)) if columns else self

    def take(self, where: Column) -> Candidates:
        """Those at `where`: positions in any order, or a mask of shape (N,)."""
        rows = np.flatnonzero(where) if where.dtype == np.bool_ else where
        return Candidates(self.ids[rows], self.columns.taken(rows))
