"""The pages of access by staff. Who asks is not known here: the key is in the browser, and what it may see the broker
says. So a page is its forms and its words; what is about people is asked for by a signed act and drawn there.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from openforyou.app.platform import Platform
from openforyou.core.ids import decode_id
from openforyou.privacy.access.purposes import PURPOSES
from openforyou.privacy.access.rules import CASE_MAX, DELAY_DAYS_MAX, NAME_MAX, WORDS_MAX, WORDS_MIN
from openforyou.privacy.access.types import Duty
from openforyou.privacy.vault.types import Field
from openforyou.web.pages.drawing import drawn
from openforyou.web.reach import ThePlatform
from openforyou.web.session import Visitor, Welcomed

router = APIRouter(prefix="/staff/access", default_response_class=HTMLResponse)
DUTIES = {
    Duty.SUPPORT: "asks, to help people back into their accounts",
    Duty.TRUST: "asks, to decide claims and to keep children safe",
    Duty.LEGAL: "asks, to answer courts",
    Duty.AUDITOR: "asks, to examine what is kept; holds no other duty",
    Duty.GRANTER: "grants what others ask for",
    Duty.REVIEWER: "grants for protected people, agrees to delays, reviews",
    Duty.ADMINISTRATOR: "changes who is of the staff; holds no other duty",
}
FIELDS = {
    Field.EMAIL: "E-mail",
    Field.MINOR: "Whether they are a minor",
    Field.VIEWER: "Under which pseudonym they watch",
    Field.GUARDIANS: "Who decides for them, and for whom they decide",
    Field.DEVICES: "What they call their passkeys",
    Field.IDENTITIES: "Their accounts elsewhere",
}
LIMITS = {
    "words_min": WORDS_MIN,
    "words_max": WORDS_MAX,
    "case_max": CASE_MAX,
    "name_max": NAME_MAX,
    "delay_days_max": DELAY_DAYS_MAX,
}


@router.get("")
def overview(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """What waits for one's word, what is open, and what one's duties let one see."""
    return _drawn("staff.html", "Access by staff", visitor, platform, tab="overview")


@router.get("/ask")
def ask(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """Asks to see fields of one person."""
    purposes = [
        {
            "name": one.name,
            "words": one.words,
            "fields": sorted(one.fields),
            "most": int(one.longest.total_seconds() // 60),
            "may_ask": sorted(one.may_ask),
            "case": one.case,
            "delay": one.may_delay,
            "emergency": one.is_emergency,
        }
        for one in PURPOSES
    ]
    return _drawn("staff-ask.html", "Ask", visitor, platform, tab="ask", purposes=purposes)


@router.get("/requests/{request}")
def request(request: str, visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """One request, and everything that can be done with it. Raises `BadInput`."""
    decode_id(request, "request")
    return _drawn("staff-request.html", "A request", visitor, platform, tab="", request=request)


@router.get("/people")
def people(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """Who is of the staff, who is protected, and opening access again."""
    return _drawn("staff-people.html", "Staff and protection", visitor, platform, tab="people", duties=DUTIES)


@router.get("/key")
def key(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """The key in this browser, for administrators to enrol."""
    return _drawn("staff-key.html", "Your key", visitor, platform, tab="key")


def _drawn(name: str, title: str, visitor: Visitor, platform: Platform, **told: Any) -> HTMLResponse:
    """Kept nowhere, for what is drawn into it later."""
    page = drawn(name, visitor, platform, place="staff", title=title, fields=FIELDS, limits=LIMITS, **told)
    page.headers["Cache-Control"] = "no-store"
    return page
