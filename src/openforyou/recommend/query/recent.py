"""What this process served a moment ago, until the record of it can be read.

A slate's record is written behind the answer, so a client that asks twice in a row could be served the same twice. This
bridges the gap. It may be lost at any time and costs nothing but that.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openforyou.core.ids import ViewerId
from openforyou.events.types import SERVED

VIEWERS_MAX = 20_000
SLATES_MAX = 16
BRIDGE_S = 60.0

_NATIVE = SERVED.newbyteorder("=")


class JustServed:
    """The last few slates of the viewers who asked last. Safe from several threads."""

    def __init__(self) -> None:
        self._slates: OrderedDict[ViewerId, deque[tuple[float, tuple[int, ...]]]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, viewer_id: ViewerId, ids: Sequence[int], at_s: float) -> None:
        """Remember a slate; forget the viewer who has asked for nothing the longest."""
        with self._lock:
            slates = self._slates.setdefault(viewer_id, deque(maxlen=SLATES_MAX))
            while slates and slates[0][0] < at_s - BRIDGE_S:
                slates.popleft()
            slates.append((at_s, tuple(ids)))
            self._slates.move_to_end(viewer_id)
            while len(self._slates) > VIEWERS_MAX:
                self._slates.popitem(last=False)

    def of(self, viewer_id: ViewerId, now_s: float) -> NDArray[np.void]:
        """(R,) of SERVED, oldest first."""
        with self._lock:
            slates = [one for one in self._slates.get(viewer_id, ()) if one[0] >= now_s - BRIDGE_S]
        return np.array([(item, at_s) for at_s, ids in slates for item in ids], dtype=_NATIVE)
