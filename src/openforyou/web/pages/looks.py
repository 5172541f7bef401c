"""The page of who looked: for everybody, about themselves."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from openforyou.core.encoding import canonical_json
from openforyou.privacy.access.purposes import BY_NAME
from openforyou.web.api.looks import looked_at, person_of
from openforyou.web.pages.drawing import drawn
from openforyou.web.rates import ASK
from openforyou.web.reach import ThePlatform, TheRates, TheSite
from openforyou.web.session import Welcomed

router = APIRouter(default_response_class=HTMLResponse)
ROLES = {
    "support": "Support",
    "trust": "Trust and safety",
    "legal": "Legal",
    "auditor": "An auditor",
    "granter": "Somebody who grants",
    "reviewer": "A reviewer",
    "administrator": "An administrator",
}
STANDINGS = {
    "waiting": "asked for, not decided",
    "granted": "open now",
    "refused": "refused by a colleague",
    "revoked": "ended early",
    "ended": "over",
    "not_allowed": "not allowed",
}
FIELDS = {
    "email": "your e-mail",
    "minor": "whether you are a minor",
    "viewer": "under which pseudonym you watch",
    "guardians": "who decides for you, and for whom you decide",
    "devices": "what you call your passkeys",
    "identities": "your accounts elsewhere",
}


@router.get("/who-looked")
def who_looked(
    request: Request, visitor: Welcomed, platform: ThePlatform, rates: TheRates, site: TheSite
) -> HTMLResponse:
    """Each look at whoever asks: who, what, why, when. Raises `BrokerUnavailable` while nobody can tell."""
    rates.check(ASK, visitor.viewer_id)
    told = looked_at(platform, visitor)
    words = {"roles": ROLES, "standings": STANDINGS, "fields": FIELDS}
    purposes = {name: one.words for name, one in BY_NAME.items()}
    said = [{"kind": one.kind.value, "id": one.id} for one in person_of(visitor).subjects]
    subjects = [canonical_json(one).decode() for one in said]
    shown = {"told": told, "purposes": purposes, "subjects": subjects, "origin": site.of(request), **words}
    return drawn("who-looked.html", visitor, platform, place="who_looked", title="Who looked", **shown)
