"""The pages of what was learned: from oneself, and from all in sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from openforyou.core.ids import encode_id
from openforyou.learn.manifest.asking import Answer
from openforyou.web.api.learned import answers_of, training_summary
from openforyou.web.pages.drawing import drawn
from openforyou.web.rates import ASK
from openforyou.web.reach import ThePlatform, TheRates, TheSite
from openforyou.web.session import Welcomed

router = APIRouter(default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class About:
    """What models have to do with one's history, or with one item."""

    kind: str
    id: str
    title: str
    answers: tuple[Answer, ...]

    @property
    def learned(self) -> list[Answer]:
        """Those that learned from it, newest first."""
        return [one for one in self.answers[::-1] if one.learned]


@router.get("/learned")
def learned(visitor: Welcomed, platform: ThePlatform, rates: TheRates) -> HTMLResponse:
    """Which models learned from whoever looks: since when, by which right, with proofs to take along."""
    rates.check(ASK, visitor.viewer_id)
    answers = answers_of(platform, visitor)
    titles = platform.asking.titles({one.subject for one in answers if one.kind == "item"})
    told = {"abouts": _by_subject(answers, titles), "models": len({one.asked.model.id for one in answers})}
    return drawn("learned.html", visitor, platform, place="learned", title="What learned from me", **told)


@router.get("/training")
def training(visitor: Welcomed, platform: ThePlatform, site: TheSite) -> HTMLResponse:
    """The public summary of what the models in service learned from."""
    told = training_summary(platform, site.origin)
    return drawn("training.html", visitor, platform, place="training", title="What models learn from", summary=told)


def _by_subject(answers: Sequence[Answer], titles: dict[int, str]) -> list[About]:
    found: dict[tuple[str, int], list[Answer]] = defaultdict(list)
    for answer in answers:
        found[answer.kind, answer.subject].append(answer)
    return [
        About(
            kind, encode_id(one), "What I watch" if kind == "viewer" else titles.get(one, encode_id(one)), tuple(held)
        )
        for (kind, one), held in found.items()
    ]
