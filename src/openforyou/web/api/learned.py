"""What models learned from: their manifests for everybody, and for each what they have to do with oneself."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from openforyou import __version__
from openforyou.app.platform import Platform
from openforyou.core.ids import decode_id, encode_id
from openforyou.learn.errors import ModelNotFound
from openforyou.learn.manifest.asking import Answer, Asked, Subject
from openforyou.learn.manifest.summary import summary
from openforyou.learn.types import Model, ModelId
from openforyou.web.rates import ASK
from openforyou.web.reach import ThePlatform, TheRates, TheSite
from openforyou.web.session import Known, Visitor

router = APIRouter(tags=["models"])
FOR_EVER = {"Access-Control-Allow-Origin": "*"}


class ModelCard(BaseModel):
    """A model that has a signed manifest."""

    id: str
    kind: str = Field(description="`trained`, or `update`: made of another by what came in since.")
    base: str = Field(description="Of an update, the trained model that it goes back to.")
    status: str
    created_at: AwareDatetime
    promoted_at: AwareDatetime | None
    items: int
    viewers: int
    manifest_sha256: str


class ModelsPage(BaseModel):
    """All trained models, and of the updates of each the newest; oldest first."""

    models: list[ModelCard]


class Manifest(BaseModel):
    """A manifest as it is signed, and the receipt of the log for it."""

    manifest: str = Field(description="A signed note: one line of JSON, an empty line, the signature.")
    receipt: str = Field(description="A .tlog-proof; empty while the record waits for the log, and nothing serves.")


class GrantCard(BaseModel):
    """The grant that it stood on."""

    name: str
    grantor: str
    evidence: str
    since: AwareDatetime
    until: AwareDatetime | None


class LearnedCard(BaseModel):
    """What one model has to do with one item, or with one's history."""

    kind: str
    id: str
    model: str
    status: str
    learned: bool
    holds_rows: bool = Field(description="False: an earlier version learned from it; this one's data is without it.")
    since: AwareDatetime | None
    right: GrantCard | None


class LearnedPage(BaseModel):
    """What all models have to do with whoever asks."""

    answers: list[LearnedCard]


@router.get("/models", summary="What models there are")
def list_models(platform: ThePlatform) -> ModelsPage:
    """Every model with a manifest, those whose weights are gone among them."""
    return ModelsPage(models=[_card(one) for one in platform.asking.models()])


@router.get("/models/{model_id}/manifest", summary="What a model learned from, signed")
def get_manifest(model_id: str, platform: ThePlatform) -> Manifest:
    """The manifest and its receipt, as docs/models.md takes them apart."""
    return Manifest(**platform.asking.manifest(_model(platform, model_id)))


@router.get(
    "/models/{model_id}/leaves",
    summary="The leaves of a model's tree",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def get_leaves(model_id: str, platform: ThePlatform) -> Response:
    """64 bytes for each item and viewer that it learned from: marks that only their owner can find."""
    tree = platform.models.manifests.tree(_model(platform, model_id))
    return Response(tree.format(), media_type="application/octet-stream", headers=FOR_EVER)


@router.get("/training-summary", summary="What the models in service learned from, in sums")
def get_summary(platform: ThePlatform, site: TheSite) -> dict[str, Any]:
    """The public training summary: by kind, source, region and right, with shares."""
    return training_summary(platform, site.origin)


@router.get("/learned-from/me", summary="Which models learned from you")
def learned_from_me(visitor: Known, platform: ThePlatform, rates: TheRates) -> LearnedPage:
    """From your history, and, where you publish, from each of your items."""
    rates.check(ASK, visitor.viewer_id)
    found = platform.asking.learned_from(own_subjects(platform, visitor))
    return LearnedPage(answers=[LearnedCard(**answer.as_dict()) for answer in found.answers])


@router.get(
    "/learned-from/me/proofs",
    summary="The proofs of it",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}}},
)
def proofs_of_me(
    visitor: Known,
    platform: ThePlatform,
    rates: TheRates,
    item: Annotated[str, Query(description="One of your items alone.", max_length=20)] = "",
) -> Response:
    """A file for `openforyou verify --proof`. Keep it to yourself: it holds the secrets under which yours is found."""
    rates.check(ASK, visitor.viewer_id)
    subjects = own_subjects(platform, visitor)
    if item:
        subjects = [one for one in subjects if one == ("item", decode_id(item, "item"))]
    found = platform.asking.learned_from(subjects)
    headers = {"Content-Disposition": 'attachment; filename="learned-from-me.json"', "Cache-Control": "no-store"}
    return Response(orjson.dumps(platform.asking.file(found)), media_type="application/json", headers=headers)


def own_subjects(platform: Platform, visitor: Visitor) -> list[Subject]:
    """A visitor's own history, and the items of the creator who they are."""
    subjects: list[Subject] = [("viewer", int(visitor.viewer_id))]
    if visitor.account is not None:
        creator = platform.catalog.creator_of_account(visitor.account.id)
        if creator is not None:
            subjects += platform.asking.items_of(creator.id)
    return subjects


def answers_of(platform: Platform, visitor: Visitor) -> list[Answer]:
    """What all models have to do with them."""
    return list(platform.asking.learned_from(own_subjects(platform, visitor)).answers)


def training_summary(platform: Platform, origin: str) -> dict[str, Any]:
    """As the page and the API tell it."""
    return summary(platform.asking.models(), origin or platform.settings.log_key().name, __version__)


def _model(platform: Platform, model_id: str) -> Model:
    model = platform.models.get(ModelId(decode_id(model_id, "model_id")))
    if not model.signed:
        raise ModelNotFound(f"{model_id} with a manifest")
    return model


def _card(one: Asked) -> ModelCard:
    body, model = one.signed.body, one.model
    return ModelCard(
        id=encode_id(model.id),
        kind=body["kind"],
        base=body["base"],
        status=model.status.value,
        created_at=model.created_at,
        promoted_at=model.promoted_at,
        items=body["dataset"]["items"],
        viewers=body["dataset"]["viewers"],
        manifest_sha256=one.signed.digest,
    )
