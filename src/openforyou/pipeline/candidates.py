"""The candidates of one request, as columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """N distinct ids and any number of columns over them, each of shape (N, …)."""

    ids: Ids  # (N,)
    columns: Mapping[str, Column] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.ids.ndim == 1, f"ids are one row, not {self.ids.shape}"
        for name, column in self.columns.items():
            assert len(column) == len(self.ids), f"column {name} has {len(column)} rows for {len(self.ids)} ids"

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    @classmethod
    def of(cls, ids: Any, **columns: Any) -> Candidates:
        """From anything that NumPy can read."""
        return cls(np.asarray(ids, dtype=np.int64), {name: np.asarray(c) for name, c in columns.items()})

    def with_columns(self, columns: Mapping[str, Column]) -> Candidates:
        """The same candidates, told more."""
        return Candidates(self.ids, {**self.columns, **columns})

    def take(self, where: Column) -> Candidates:
        """Those at `where`: positions in any order, or a mask of shape (N,)."""
        return Candidates(self.ids[where], {name: column[where] for name, column in self.columns.items()})
