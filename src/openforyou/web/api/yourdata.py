"""One's own data: what there is, a copy to take along, and going."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.app.platform import Platform
from openforyou.core.ids import decode_id
from openforyou.privacy.person.errors import NotConfirmed
from openforyou.privacy.person.places import TOPICS
from openforyou.privacy.person.types import Person, Receipt, What
from openforyou.web.rates import SIGN_IN_TO, TAKE
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Known, Visitor, door_of

router = APIRouter(tags=["your data"])
CONFIRM = {What.EVERYTHING: "everything", What.HISTORY: "history"}
CHUNK_BYTES = 1 << 18


class Topic(BaseModel):
    """One kind of thing that is kept of you."""

    name: str = Field(description="Its file in the copy, without `.json`.")
    title: str
    what: str
    rows: int


class YourData(BaseModel):
    """What is kept of you, by topic; topics without a row are left out."""

    topics: list[Topic]


class Forget(BaseModel):
    """What is to be forgotten."""

    what: What = Field(description="`everything`, or `history` alone. Without an account there is only `everything`.")
    confirm: Annotated[str, Field(max_length=40)] = Field("", description="The same word again: this cannot be undone.")
    password: Annotated[str, Field(max_length=4_000)] = Field(
        "", description="Yours, where you have an account with one."
    )


class Erasure(BaseModel):
    """A receipt: what was done, and what is still to do."""

    id: str
    what: What
    state: str = Field(description="`going`, `looking` (gone; one more look comes), `waiting` (for a claim), `done`.")
    asked_at: AwareDatetime
    gone_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    removed: dict[str, int] = Field(description="Rows by table, and `files`.")
    waits: list[str] = Field(description="What is still here, why, and until when.")
    record: str = Field(description="What the public log says of it: no name, and a mark that leads nowhere.")


@router.get("/your-data", summary="What is kept of you")
def get_your_data(visitor: Known, platform: ThePlatform, rates: TheRates) -> YourData:
    """How many rows of which kind. `GET /v1/your-data/export` has them all."""
    rates.check(TAKE, visitor.viewer_id)
    return YourData(topics=topics_of(platform, visitor))


@router.get(
    "/your-data/export",
    summary="Take your data along",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}},
)
def export(visitor: Known, platform: ThePlatform, rates: TheRates) -> StreamingResponse:
    """A zip with a page to read and a JSON file a topic. Made anew each time, and kept nowhere."""
    rates.check(TAKE, visitor.viewer_id)
    file = TemporaryFile()  # noqa: SIM115 - closed when it was sent; it has no name, so nobody else opens it
    try:
        platform.export.write(person_of(platform, visitor), file)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    headers = {"Content-Disposition": 'attachment; filename="your-data.zip"', "Content-Length": str(size)}
    return StreamingResponse(_sent(file), media_type="application/zip", headers=headers)


@router.post("/your-data/forget", summary="Go, or forget what you watched")
def forget(wanted: Forget, request: Request, visitor: Known, platform: ThePlatform, rates: TheRates) -> Erasure:
    """Everything, or the history alone. Answers with a receipt; asked again, with the same."""
    rates.check(TAKE, visitor.viewer_id)
    if wanted.confirm != CONFIRM[wanted.what]:
        raise NotConfirmed(CONFIRM[wanted.what])
    if visitor.account is not None:
        rates.check(SIGN_IN_TO, rates.hidden(visitor.account.email))
        platform.accounts.confirm(visitor.account.id, wanted.password)
    receipt = platform.erasing.forget(person_of(platform, visitor), wanted.what)
    if receipt.what is What.EVERYTHING:
        door_of(request).sign_out(request)
    elif visitor.account is not None:  # its pseudonym is another: every session of before has ended
        door_of(request).sign_in(request, platform.accounts.opened_for_owner(visitor.account.id))
    return Erasure(**receipt.as_dict())


@router.get("/erasures/{erasure_id}", summary="The receipt of an erasure")
def get_erasure(erasure_id: str, platform: ThePlatform) -> Erasure:
    """For whoever has its id; it names nobody."""
    return Erasure(**receipt_of(platform, erasure_id).as_dict())


@router.get(
    "/erasures/{erasure_id}/proof",
    summary="Proof that the log holds its record",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
def get_proof(erasure_id: str, platform: ThePlatform) -> Response:
    """A C2SP tlog-proof for `openforyou verify --receipt`; the leaf comes in `OpenForYou-Leaf`."""
    receipt = receipt_of(platform, erasure_id)
    proof = platform.receipts.proof(receipt.leaf_seq, receipt.leaf)
    return Response(proof.format(), media_type="text/plain", headers={"OpenForYou-Leaf": receipt.leaf.hex()})


def person_of(platform: Platform, visitor: Visitor) -> Person:
    """Whoever asks, as the tables name them."""
    return platform.person(visitor.viewer_id, visitor.account)


def topics_of(platform: Platform, visitor: Visitor) -> list[Topic]:
    """What there is of them."""
    counts = platform.export.counts(person_of(platform, visitor))
    return [
        Topic(name=name, title=title, what=what, rows=counts[name])
        for name, (title, what) in TOPICS.items()
        if name in counts
    ]


def receipt_of(platform: Platform, erasure_id: str) -> Receipt:
    """By its public id. Raises `ErasureNotFound`, `BadInput`."""
    return platform.erasing.receipt(decode_id(erasure_id, "erasure_id"))


def _sent(file: IO[bytes]) -> Iterator[Any]:
    with file:
        while piece := file.read(CHUNK_BYTES):
            yield piece
