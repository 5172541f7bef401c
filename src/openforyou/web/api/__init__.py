"""The API under /v1: one module a topic."""

from fastapi import APIRouter

from openforyou.web.api import accounts, controls, creators, events, feed, items, passkeys, progress, uploads

router = APIRouter(prefix="/v1")
for part in (feed, events, items, creators, controls, accounts, passkeys, uploads, progress):
    router.include_router(part.router)
