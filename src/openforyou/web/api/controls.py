"""What a viewer chooses of their own feed, and whether it may learn from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.catalog.types import Right
from openforyou.events.service import BREAK_MINUTES_MAX
from openforyou.events.types import Controls
from openforyou.web.rates import CHANGE
from openforyou.web.reach import TheClock, ThePlatform, TheRates
from openforyou.web.session import Known

router = APIRouter(tags=["controls"])
REGION = r"^([A-Z]{2}|[a-z]{2,3})?$"
CHOSEN = "chosen by the viewer in the settings"
"""The evidence."""
LANGUAGES_SENT_MAX = 200
"""Past this nobody reads them: what may be chosen is the rules' to say."""


class Choices(BaseModel):
    """What a viewer chooses each time anew."""

    profiling: bool = Field(description="false: the feed uses nothing of what you did.")
    autoplay: bool
    break_minutes: Annotated[int, Field(ge=0, le=BREAK_MINUTES_MAX)] = Field(
        description="Minutes of watching after which a pause is offered; 0 is never."
    )
    region: Annotated[str, Field(pattern=REGION)] = Field(description='As "CH", or "" for what the browser says.')


class ControlsIn(Choices):
    """A viewer's choices; of those that may be left out, each is then as before."""

    languages: Annotated[list[str], Field(max_length=LANGUAGES_SENT_MAX)] | None = Field(
        None, description='Tags, as ["nl", "pt"]: what declares another language is left out. Empty: all languages.'
    )
    paused: bool | None = Field(None, description="true: the feed learns nothing of what you do, until it is false.")


class ControlsOut(Choices):
    """A viewer's choices, and since when the feed counts what they did."""

    languages: list[str]
    paused: bool
    reset_at: AwareDatetime | None


class LearnRight(BaseModel):
    """The one right that a viewer can give: to learn from their history."""

    learn: bool


@router.get("/controls", summary="What you chose")
def get_controls(visitor: Known, platform: ThePlatform) -> ControlsOut:
    """The choices of whoever asks; the defaults where they chose nothing."""
    return _shown(platform.events.controls(visitor.viewer_id))


@router.put("/controls", summary="Choose")
def put_controls(chosen: ControlsIn, visitor: Known, platform: ThePlatform, rates: TheRates) -> ControlsOut:
    """Takes effect in the very next feed."""
    rates.check(CHANGE, visitor.viewer_id)
    before = platform.events.controls(visitor.viewer_id)
    after = Controls(
        profiling=chosen.profiling,
        autoplay=chosen.autoplay,
        break_minutes=chosen.break_minutes,
        region=chosen.region,
        reset_at=before.reset_at,
        languages=before.languages if chosen.languages is None else tuple(chosen.languages),
        paused=before.paused if chosen.paused is None else chosen.paused,
    )
    return _shown(platform.events.set_controls(visitor.viewer_id, after))


@router.post("/controls/reset", summary="Begin anew")
def reset(visitor: Known, platform: ThePlatform, rates: TheRates, clock: TheClock) -> ControlsOut:
    """From now on the feed uses nothing of what you did before. What you saw stays away; your likes stay true."""
    rates.check(CHANGE, visitor.viewer_id)
    after = replace(platform.events.controls(visitor.viewer_id), reset_at=clock.now())
    platform.events.set_controls(visitor.viewer_id, after)
    return _shown(after)


@router.get("/rights", summary="What may be learned from you")
def get_rights(visitor: Known, platform: ThePlatform) -> LearnRight:
    """Whether models may learn from your history."""
    return LearnRight(learn=Right.LEARN in platform.catalog.viewer_rights(visitor.viewer_id))


@router.put("/rights", summary="Give or take back the right to learn from you")
def put_rights(wanted: LearnRight, visitor: Known, platform: ThePlatform, rates: TheRates) -> LearnRight:
    """Without it the feed still works for you; no model learns from you."""
    rates.check(CHANGE, visitor.viewer_id)
    rights = {Right.LEARN} if wanted.learn else set[Right]()
    platform.catalog.set_viewer_rights(visitor.viewer_id, rights, CHOSEN)
    if not wanted.learn:
        platform.catalog.rights.decline_for_viewer(visitor.viewer_id, CHOSEN)
    return wanted


def _shown(controls: Controls) -> ControlsOut:
    return ControlsOut(
        profiling=controls.profiling,
        autoplay=controls.autoplay,
        break_minutes=controls.break_minutes,
        region=controls.region,
        languages=list(controls.languages),
        paused=controls.paused,
        reset_at=controls.reset_at,
    )
