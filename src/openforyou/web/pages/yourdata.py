"""The pages of one's own data: what there is, taking it along, going; and the receipt of whoever went."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from openforyou.privacy.person.erasing import AGAIN_AFTER
from openforyou.privacy.person.types import State, What
from openforyou.web.api.yourdata import receipt_of, topics_of
from openforyou.web.pages.drawing import drawn
from openforyou.web.rates import TAKE
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Welcomed

router = APIRouter(default_response_class=HTMLResponse)
STATES = {
    State.GOING: "Under way. If this page was left, it goes on by itself.",
    State.LOOKING: f"Gone. One more look follows in {AGAIN_AFTER.seconds // 60 + 1} minutes, for what was on its way.",
    State.WAITING: "Gone, but for what waits.",
    State.DONE: "Done.",
}
WORDS = {What.EVERYTHING: "Everything", What.HISTORY: "What you watched"}


@router.get("/your-data")
def your_data(visitor: Welcomed, platform: ThePlatform, rates: TheRates) -> HTMLResponse:
    """All that is kept of whoever looks, in plain words, and what they can do about it."""
    rates.check(TAKE, visitor.viewer_id)
    told = {"topics": topics_of(platform, visitor), "periods": platform.retention.periods}
    return drawn("your-data.html", visitor, platform, place="your_data", title="Your data", **told)


@router.get("/forgotten/{erasure_id}")
def forgotten(erasure_id: str, visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """The receipt of an erasure, for whoever has its id. Raises `ErasureNotFound`."""
    receipt = receipt_of(platform, erasure_id)
    told = {"receipt": receipt, "told": receipt.as_dict(), "state": STATES[receipt.state], "what": WORDS[receipt.what]}
    return drawn("forgotten.html", visitor, platform, place="forgotten", title="Your receipt", **told)
