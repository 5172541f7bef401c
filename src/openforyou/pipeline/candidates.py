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
    """Columns by name, each of `rows` rows, of which some were taken: one is copied when it is asked for.

    Most stages ask for two or three of twenty columns, and some columns are wide.
    """

    __slots__ = ("_held", "rows")

    def __init__(self, rows: int, held: Mapping[str, tuple[Column, Ids | None]]) -> None:
        self.rows = rows
        self._held = dict(held)

    def __getitem__(self, name: str) -> Column:
        column, rows = self._held[name]
        if rows is not None:
            column = column[rows]
            self._held[name] = column, None
        return column

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def told(self, columns: Mapping[str, Column]) -> Columns:
        """These, and those; of the same name those."""
        for name, column in columns.items():
            assert len(column) == self.rows, f"column {name} has {len(column)} rows for {self.rows} ids"
        return Columns(self.rows, self._held | {name: (column, None) for name, column in columns.items()})

    def taken(self, rows: Ids) -> Columns:
        """The same at some rows, in their order."""
        chosen: dict[int, Ids] = {}  # By the choice before: most columns share it.
        held = {}
        for name, (column, before) in self._held.items():
            if before is not None and id(before) not in chosen:
                chosen[id(before)] = before[rows]
            held[name] = column, rows if before is None else chosen[id(before)]
        return Columns(len(rows), held)


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
