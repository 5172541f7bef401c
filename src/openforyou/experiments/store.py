"""The only SQL of the experiments: what slates drew by lot, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

SERVED = np.dtype([("viewer", "<i8"), ("item", "<i8"), ("propensity", "<f8"), ("did", "?")])
"""A row an item that stood in a For You slate."""

_SERVED = """
WITH did AS MATERIALIZED (
  SELECT DISTINCT request_id, item_id FROM events
  WHERE type = ANY(%(types)s) AND received_at >= %(since)s
)
SELECT slates.viewer_id, one.key::bigint, (one.value ->> 'propensity')::float8, did.request_id IS NOT NULL
FROM slates CROSS JOIN jsonb_each(record -> 'items') AS one
LEFT JOIN did ON did.request_id = slates.request_id AND did.item_id = one.key::bigint
WHERE surface = 'for_you' AND served_at >= %(since)s AND served_at < %(until)s AND one.value ? 'propensity'
ORDER BY slates.request_id, one.key
"""


def served(connection: Connection, since: datetime, until: datetime, types: Sequence[str]) -> NDArray[np.void]:
    """(R,) of SERVED from `since` to before `until`; `did` says whether one of those events came of it since."""
    rows = connection.exec_driver_sql(_SERVED, {"since": since, "until": until, "types": list(types)})
    return np.array([tuple(row) for row in rows], dtype=SERVED)
