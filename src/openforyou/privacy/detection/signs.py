"""What a rule hands on: how surprising, about whom, which requests, and the words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openforyou.privacy.detection.types import Asking


@dataclass(frozen=True, slots=True)
class Sign:
    """`nats`: the surprise, before it is held against how often normal work surprises as much.

    `key` tells what it is about, so that the same grown is known as the same. It stays inside.
    """

    kind: str
    key: str
    words: str
    nats: float
    staff: tuple[str, ...]
    requests: tuple[str, ...]


def sign(kind: str, words: str, nats: float, about: Iterable[Asking], key: str = "", beside: str = "") -> Sign:
    """About these requests, and whoever asked them, who are the `key` where none is given.

    `beside`: another of the staff who took part.
    """
    asks = list(about)
    staff = tuple(sorted({one.staff for one in asks} | ({beside} if beside else set())))
    return Sign(kind, key or " ".join(staff), words, nats, staff, tuple(sorted({one.id for one in asks})))
