"""Acts of staff over HTTP: the broker's facts, and a way for what a browser signed.

Nobody signs in here. An act is worth what its signature is worth at the broker, and this server adds nothing to it: it
could neither make one nor change one. So what is guarded here is only that whoever has no key costs little: what cannot
be an act is turned away unread, each network has its share, and few wait for the broker at a time.
"""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.core.encoding import from_base64url
from openforyou.core.errors import Unavailable
from openforyou.privacy.access.acts import TEXT_CHARACTERS_MAX
from openforyou.privacy.access.errors import BadAct
from openforyou.web.rates import STAFF
from openforyou.web.reach import TheClock, ThePlatform, TheRates

router = APIRouter(tags=["staff"])
SIGNATURE_BYTES = 64
"""Ed25519's, and ECDSA's over P-256 as two halves."""
AT_ONCE = 8
PLACES = BoundedSemaphore(AT_ONCE)
"""Who waits for the broker. It may wait for the log, and a thread with it."""


class PurposeOut(BaseModel):
    """One of the published reasons for which anything of a person is opened."""

    name: str
    words: str
    fields: list[str]
    longest_minutes: int
    protected_minutes: int = Field(description="The longest for somebody who is protected.")
    may_ask: list[str] = Field(description="Duties: docs/access.md.")
    case: str = Field(description="The kind of case that it needs; empty for none.")
    may_delay: bool = Field(description="Whether the person may be told later, under an order.")
    emergency: bool


class Facts(BaseModel):
    """What an act must fit."""

    broker: str = Field(description="The name that an act bears: region and id.")
    purposes: list[PurposeOut]
    now: AwareDatetime = Field(description="The server's clock. An act bears the signer's own.")


class SignedAct(BaseModel):
    """What somebody of the staff signed, byte for byte."""

    text: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX, description="Canonical JSON: docs/access.md.")]
    signature: Annotated[str, Field(max_length=100, description="Of 64 bytes, in base64url without padding.")]


@router.get("/access/facts", summary="What an act of staff must fit")
def get_facts(request: Request, platform: ThePlatform, clock: TheClock, rates: TheRates) -> Facts:
    """The broker's name and the published purposes. Raises `BrokerUnavailable`."""
    rates.check(STAFF, rates.network(request))
    return Facts(**platform.access.facts(), now=clock.now())


@router.post("/access/acts", summary="Have an act done that somebody of the staff signed")
def post_act(signed: SignedAct, request: Request, platform: ThePlatform, rates: TheRates) -> dict[str, Any]:
    """What came of it, by the kind of act: docs/access.md. It may wait ten seconds and more for the public log.

    An act counts once. Where no answer came, look before you sign another.
    """
    rates.check(STAFF, rates.network(request))
    signature = _signature(signed.signature)
    if not PLACES.acquire(blocking=False):
        raise Unavailable("Too many acts wait for the broker now.", hint="Nothing was done. Try again in a moment.")
    try:
        return platform.access.do(signed.text, signature)
    finally:
        PLACES.release()


def _signature(text: str) -> bytes:
    """Raises `BadAct` for what cannot be one."""
    try:
        data = from_base64url(text)
    except ValueError:
        data = b""
    if len(data) != SIGNATURE_BYTES:
        raise BadAct("That is no signature.", hint=f"{SIGNATURE_BYTES} bytes in base64url.", field="signature")
    return data
