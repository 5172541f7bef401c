"""The API under /v1: one module a topic."""

from fastapi import APIRouter

from openforyou.web.api import (
    accounts,
    claims,
    controls,
    counts,
    creators,
    credentials,
    events,
    feed,
    guardians,
    identities,
    imports,
    items,
    learned,
    looks,
    mutes,
    passkeys,
    policies,
    progress,
    rights,
    sounds,
    staff,
    statistics,
    studio,
    uploads,
    wishes,
    yourdata,
)

router = APIRouter(prefix="/v1")
PARTS = (
    *(feed, events, counts, items, rights, credentials, creators, identities, controls, mutes, wishes),
    *(accounts, guardians, passkeys, policies, uploads, imports, claims, progress),
    *(sounds, studio, learned, yourdata, looks, staff, statistics),
)
for part in PARTS:
    router.include_router(part.router)
