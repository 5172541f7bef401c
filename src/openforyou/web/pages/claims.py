"""The pages of claims: opening one, and following those that one is a side of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from openforyou.app.platform import Platform
from openforyou.catalog.types import Creator
from openforyou.core.errors import BadInput
from openforyou.core.ids import ItemId, decode_id
from openforyou.moderation.claims.rules import ANSWER_DAYS, APPEAL_DAYS, DECIDE_DAYS, WORDS_MAX, WORDS_MIN
from openforyou.moderation.claims.types import Act, ClaimKind, Side
from openforyou.web.api.claims import cards
from openforyou.web.pages.drawing import drawn
from openforyou.web.reach import ThePlatform
from openforyou.web.session import Visitor, Welcomed

router = APIRouter(default_response_class=HTMLResponse)
DAYS = {"answer": ANSWER_DAYS, "decide": DECIDE_DAYS, "appeal": APPEAL_DAYS}
DID = {
    (Side.CLAIMANT, Act.OPENED): "claimed",
    (Side.CLAIMANT, Act.ANSWERED): "said more",
    (Side.RESPONDENT, Act.ANSWERED): "answered",
    (Side.CLAIMANT, Act.APPEALED): "appealed",
    (Side.RESPONDENT, Act.APPEALED): "appealed",
    (Side.CLAIMANT, Act.RESCINDED): "took the claim back",
    (Side.STAFF, Act.UPHELD): "decided: the claim is right",
    (Side.STAFF, Act.REJECTED): "decided: the claim is not right",
    (Side.CLOCK, Act.CLOSED): "closed: the decision stands",
}
"""What a step was, in words, by who did it."""


@router.get("/claims")
def claims(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """Those that one opened or that somebody opened about one."""
    me = _creator(visitor, platform)
    mine = [] if me is None else cards(platform, platform.claims.of(me.id), me.id)
    told = {"claims": mine, "did": DID, "days": DAYS, "words_max": WORDS_MAX}
    return drawn("claims.html", visitor, platform, place="claims", title="Claims", **told)


@router.get("/claim")
def claim(
    visitor: Welcomed,
    platform: ThePlatform,
    kind: ClaimKind,
    item: Annotated[str, Query()] = "",
    other: Annotated[str, Query()] = "",
    handle: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Opens a claim. Raises `BadInput` where the address does not say what about."""
    me = _creator(visitor, platform)
    ids = [ItemId(decode_id(one, name)) for name, one in (("item", item), ("other", other)) if one]
    if (kind is ClaimKind.IMPERSONATION) != (not ids) or (kind is ClaimKind.IMPERSONATION and not handle):
        raise BadInput("That address names no claim.", hint="Begin at the clip or the creator that it is about.")
    found = platform.catalog.items(ids) if me is None else platform.catalog.items_for(ids, me.id)
    titles = [found[one].title if one in found else "" for one in ids]
    about = {"kind": kind.value, "item": item, "other": other, "handle": handle, "titles": titles}
    told = {"about": about, "days": DAYS, "words_min": WORDS_MIN, "words_max": WORDS_MAX}
    return drawn("claim.html", visitor, platform, place="claims", title="Claim", **told)


def _creator(visitor: Visitor, platform: Platform) -> Creator | None:
    account = visitor.account
    return None if account is None else platform.catalog.creator_of_account(account.id)
