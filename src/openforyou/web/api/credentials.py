"""Content Credentials over HTTP: all that was read of an item's source. The mark in a few words is in `cards`."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.app.platform import Platform
from openforyou.catalog.credentials.rules import words
from openforyou.catalog.credentials.types import Credentials, CredentialState
from openforyou.core.ids import ItemId
from openforyou.web.api.cards import OptOutCard, opt_out_cards
from openforyou.web.api.items import NamedItem
from openforyou.web.reach import ThePlatform

router = APIRouter(prefix="/items/{item_id}/credentials", tags=["items"])


class ActionCard(BaseModel):
    """One thing that was done to it."""

    name: str = Field(description="As C2PA names it, as c2pa.created.")
    when: str
    source_type: str = Field(description="The last part of an IPTC digital source type, where there is one.")
    software: str


class IngredientCard(BaseModel):
    """One thing that it was made from."""

    title: str
    relation: str
    format: str
    manifest: str = Field(description="The label of its own manifest; empty where it has none.")


class MiningCard(BaseModel):
    """One training and data mining assertion."""

    manifest: str = Field(description="The label of the manifest that it stands in.")
    label: str
    uses: dict[str, str] = Field(description="By purpose without prefix: allowed, notAllowed, constrained.")
    terms: dict[str, str] = Field(description="By purpose, the words of a constraint.")
    text: str
    refuses_learning: bool


class CredentialsOut(BaseModel):
    """What an item's source says of itself. The texts are its maker's."""

    state: CredentialState
    text: str = Field(description="The same in words; empty where there is nothing.")
    signer: str
    organization: str
    issuer: str
    generator: str
    title: str
    signed_at: str
    ai_made: bool
    manifest: str
    actions: list[ActionCard]
    ingredients: list[IngredientCard]
    mining: list[MiningCard]
    problems: list[str] = Field(description="Codes of what did not hold, as C2PA names them.")
    kept: bool = Field(description="The renditions are signed anew by this platform, and refer to this.")
    read_at: AwareDatetime | None = Field(description="Null for what was published before credentials were read.")
    learning_refused: list[OptOutCard]


@router.get("", summary="Where an item comes from, by its own word")
def get_credentials(item_id: NamedItem, platform: ThePlatform) -> CredentialsOut:
    """Everything that was read of the Content Credentials of what was taken in."""
    return credentials_out(platform, item_id)


def credentials_out(platform: Platform, item_id: ItemId) -> CredentialsOut:
    """Of a shown item. Raises `ItemNotFound`."""
    read = platform.catalog.credentials(item_id)
    found, read_at = (Credentials(), None) if read is None else read
    mining = [asdict(one) | {"refuses_learning": one.refuses_learning} for one in found.mining]
    refused = opt_out_cards(platform.catalog.opt_outs([item_id]).get(item_id, []))
    told = found.as_dict() | {"mining": mining, "text": words(found.state, found.signed_by)}
    return CredentialsOut(**told, read_at=read_at, learning_refused=refused)
