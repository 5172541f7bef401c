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
    mutes,
    passkeys,
    policies,
    progress,
    sounds,
    studio,
    uploads,
    wishes,
)

router = APIRouter(prefix="/v1")
PARTS = (
    *(feed, events, counts, items, creators, controls, mutes, wishes),
    *(accounts, passkeys, policies, uploads, progress),
    *(sounds, studio),
)
for part in PARTS:
    router.include_router(part.router)
