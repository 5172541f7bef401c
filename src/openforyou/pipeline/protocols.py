"""What each kind of stage promises. `Q` is the query: whatever the caller knows of the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline.candidates import Candidates, Column

Q_contra = TypeVar("Q_contra", contravariant=True)


class Source(Protocol[Q_contra]):
    """Proposes candidates, best first, each id once. May fail: the slate is then made of what others propose."""

    name: str

    def __call__(self, query: Q_contra) -> Candidates: ...


class Hydrator(Protocol[Q_contra]):
    """Tells more about candidates: new columns over the same N. It cannot add or drop one."""

    name: str

    def __call__(self, query: Q_contra, candidates: Candidates) -> Mapping[str, Column]: ...


class Filter(Protocol[Q_contra]):
    """Decides permission: a mask of shape (N,), True for kept. A filter that fails fails the request: never open."""

    name: str

    def __call__(self, query: Q_contra, candidates: Candidates) -> NDArray[np.bool_]: ...


class Scorer(Protocol[Q_contra]):
    """Values candidates: new columns over the same N; the last scorer leaves `score`. May fail."""

    name: str

    def __call__(self, query: Q_contra, candidates: Candidates) -> Mapping[str, Column]: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What a reranker decided: positions into the candidates it was given, each at most once, best first.

    `moved` says by position of the *given* candidates which it lifted or sank and by how many places
    (negative is up), for the record.
    """

    positions: NDArray[np.int64]  # (M,), M ≤ N
    moved: Mapping[int, int]


class Reranker(Protocol[Q_contra]):
    """Orders candidates that come by falling score, looking at the slate as a whole. May fail.

    `size` is the slate's length: places past it need no care. What it leaves out of `positions` follows behind.
    """

    name: str

    def __call__(self, query: Q_contra, candidates: Candidates, size: int) -> Order: ...
