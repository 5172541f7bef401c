"""When a model is stale, when a training is due for it, and what the log says of its end. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from openforyou.core.errors import BadInput
from openforyou.core.ids import decode_id, encode_id
from openforyou.events.leaf import encode_record
from openforyou.learn.forgetting.types import Cause, Ended, Stale, Subjects
from openforyou.learn.types import Ids

MODEL_END = "model_end"
BATCH_LEAST = timedelta(seconds=60)
BATCH_TRAININGS = 10
"""So many times what a training takes is waited for more withdrawals: forgetting takes a tenth of one's time."""
BATCH_SHARE = 4
"""And at the most a quarter of the time that was promised."""
SPARE_TRAININGS = 3
"""A training begins in any case while there is time for so many before the deadline."""
_FIELDS = {"id", "weights", "reason", "at", "versions", "chain"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def gone(ids: Ids, allowed: Collection[int]) -> Ids:
    """Those of `ids` that are not allowed any more."""
    held = np.fromiter(allowed, np.int64, len(allowed))
    return ids[np.isin(ids, held, invert=True)]


def together(*parts: Subjects) -> Subjects:
    """All of them, each once."""
    return Subjects(
        np.unique(np.concatenate([part.items for part in parts])),
        np.unique(np.concatenate([part.viewers for part in parts])),
    )


def due_at(stale: Stale, trained_s: float, tried_at: datetime | None) -> datetime:
    """From when on a training should begin that replaces a stale model.

    Many who take a right back soon after each other are one training: it waits for `BATCH_TRAININGS` times what the
    last one took, never beyond the moment at which `SPARE_TRAININGS` still fit before the deadline. Where one was
    begun since (`tried_at`) and did not replace it, the wait counts from there.
    """
    promised = stale.deadline - stale.since
    wait = min(max(BATCH_LEAST, timedelta(seconds=BATCH_TRAININGS * trained_s)), promised / BATCH_SHARE)
    latest = stale.deadline - timedelta(seconds=SPARE_TRAININGS * trained_s)
    if tried_at is not None and tried_at > stale.since:
        return tried_at + wait
    return min(stale.since + wait, max(latest, stale.since))


def retried_at(left_at: datetime, promised: timedelta, tried_at: datetime | None) -> datetime:
    """From when on a training is tried again, where none serves since a deadline passed at `left_at`."""
    return max(left_at, tried_at or left_at) + promised / BATCH_SHARE


def end_leaf(ended: Ended) -> bytes:
    """The record of destroyed weights."""
    said: dict[str, Any] = {
        "id": encode_id(ended.model_id),
        "weights": ended.weights_sha256,
        "reason": ended.cause.value,
        "at": _told(ended.at),
        "versions": ended.versions,
        "chain": ended.chain,
    }
    if ended.deadline is not None:
        said["deadline"] = _told(ended.deadline)
    return encode_record(MODEL_END, said)


def end_problem(body: Any) -> str:
    """What is wrong with the body of such a record; empty when nothing is."""
    if not isinstance(body, dict) or not _FIELDS <= body.keys() <= _FIELDS | {"deadline"}:
        return "this end of a model has other fields than one has"
    try:
        decode_id(str(body["id"]), "id")
        moments = [_moment(body[name]) for name in ("at", "deadline") if name in body]
        cause = Cause(body["reason"])
    except (BadInput, ValueError, TypeError):
        return "this end of a model names no model, no moment or no reason"
    if not _is_digest(body["weights"]) or not (body["chain"] == "" or _is_digest(body["chain"])):
        return "this end of a model has no digest of its weights"
    if type(body["versions"]) is not int or body["versions"] < 0 or (body["versions"] > 0) != bool(body["chain"]):
        return "this end of a model does not say how many versions were made of it"
    if (cause is not Cause.RETIRED) != (len(moments) == 2):
        return "this end of a model has a deadline where none was, or none where one was"
    return ""


def late_s(body: Any) -> float:
    """Seconds after its deadline at which the weights of a sound record were destroyed; 0 where in time."""
    if "deadline" not in body:
        return 0.0
    return max((_moment(body["at"]) - _moment(body["deadline"])).total_seconds(), 0.0)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _told(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()


def _moment(told: Any) -> datetime:
    """Raises `ValueError`, `TypeError`."""
    moment = datetime.fromisoformat(told)
    if moment.tzinfo is None or _told(moment) != told:
        raise ValueError("no moment with a time zone, in seconds")
    return moment
