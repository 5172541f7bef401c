"""The page where a creator proves accounts elsewhere, and the address to which a provider sends them back."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from openforyou.catalog.identities.service import RETURN_PATH
from openforyou.catalog.identities.types import Returned
from openforyou.core.errors import OpenForYouError
from openforyou.web.api.uploads import creating
from openforyou.web.pages.drawing import drawn
from openforyou.web.rates import LOOK
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Visitor, Welcomed

PATH = "/identities"
WORD_MAX = 4_000
router = APIRouter(default_response_class=HTMLResponse)
Word = Annotated[str, Query(max_length=WORD_MAX)]


@router.get(PATH)
def identities(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """One's accounts elsewhere, step by step."""
    return _page(visitor, platform, "")


@router.get(RETURN_PATH)
def returned(
    visitor: Welcomed,
    platform: ThePlatform,
    rates: TheRates,
    code: Word = "",
    state: Word = "",
    iss: Word = "",
    error: Word = "",
) -> Response:
    """From a provider, with what proves who signed in there; good only for whoever began it."""
    if visitor.account is None:
        return RedirectResponse(f"/signin?next={PATH}", status_code=303)
    try:
        creator = creating(visitor.account, platform)
        rates.check(LOOK, creator.id)
        if error or not code:
            return _page(visitor, platform, f"You did not sign in there ({error[:60] or 'no answer'}). Begin anew.")
        proof = platform.identities.finish(creator.id, Returned(code, state, iss))
    except OpenForYouError as problem:
        return _page(visitor, platform, str(problem))
    return RedirectResponse(f"{PATH}?proven={quote(proof.outside.who)}", status_code=303)


def _page(visitor: Visitor, platform: ThePlatform, refused: str) -> HTMLResponse:
    return drawn(
        "identities.html", visitor, platform, place="identities", title="Your accounts elsewhere", refused=refused
    )
