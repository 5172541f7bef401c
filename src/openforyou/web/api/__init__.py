"""The API under /v1: one module a topic."""

from fastapi import APIRouter

from openforyou.web.api import (
    accounts,
    controls,
    counts,
    creators,
    events,
    feed,
    items,
    passkeys,
    policies,
    progress,
    uploads,
)

router = APIRouter(prefix="/v1")
for part in (feed, events, counts, items, creators, controls, accounts, passkeys, policies, uploads, progress):
    router.include_router(part.router)
