"""Who of the staff looked at oneself, and asking to be protected."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.app.platform import Platform
from openforyou.privacy.person.types import Person
from openforyou.web.rates import ASK, CHANGE
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Known, Visitor

router = APIRouter(tags=["your data"])


class Look(BaseModel):
    """One access by staff, or what was asked for and refused."""

    role: str = Field(description="Their duty: docs/access.md.")
    staff: str = Field(description="By which id they stand in the public log.")
    purpose: str = Field(description="From the published list; empty for what could not be asked.")
    case: str = Field(description="The kind of case; empty for none.")
    fields: list[str]
    asked_at: AwareDatetime
    standing: str = Field(description="`waiting`, `granted`, `refused`, `revoked`, `ended`, `not_allowed`.")
    granted_at: AwareDatetime | None
    until: AwareDatetime | None
    reads: list[AwareDatetime] = Field(description="Each time that it was read.")
    is_emergency: bool
    delayed_days: int = Field(description="By how many days you were told later, under an order.")
    entry: str = Field(description="Its record in the public log bears it; empty for what never opened.")
    salt: str = Field(description="Shows, with your id, that the record is about you. Told to you alone.")


class Opening(BaseModel):
    """A time at which what is sealed of you was opened in your own name."""

    at: AwareDatetime
    fields: list[str]


class WhoLooked(BaseModel):
    """Newest first."""

    looks: list[Look]
    openings: list[Opening] = Field(description="Your own sign-ins and copies, of 90 days. One that was not you?")
    protected: bool = Field(description="Whether you asked to be protected: two grants, and an hour at most.")


class Protection(BaseModel):
    """A wish."""

    on: bool


@router.get("/who-looked", summary="Who of the staff looked at you")
def get_who_looked(visitor: Known, platform: ThePlatform, rates: TheRates) -> WhoLooked:
    """From the entries of who keeps your key; each that opened anything stands in the public log too."""
    rates.check(ASK, visitor.viewer_id)
    return looked_at(platform, visitor)


@router.put("/who-looked/protection", summary="Ask to be protected, or no longer", status_code=204)
def put_protection(wanted: Protection, visitor: Known, platform: ThePlatform, rates: TheRates) -> None:
    """Access to a protected person takes two grants, one by an independent reviewer, and ends within an hour."""
    rates.check(CHANGE, visitor.viewer_id)
    platform.access.choose_protection(person_of(visitor), on=wanted.on)


def looked_at(platform: Platform, visitor: Visitor) -> WhoLooked:
    """Of whoever asks."""
    person = person_of(visitor)
    return WhoLooked(
        looks=[Look(**one) for one in platform.access.looks_at(person)],
        openings=[Opening(**one) for one in platform.access.own_openings(person)],
        protected=platform.access.has_chosen_protection(person),
    )


def person_of(visitor: Visitor) -> Person:
    """As their keys name them."""
    return Person(visitor.viewer_id, None if visitor.account is None else visitor.account.id)
