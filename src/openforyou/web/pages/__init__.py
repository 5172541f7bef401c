"""The pages: HTML made on the server, which small modules of JavaScript bring to life."""

from fastapi import APIRouter

from openforyou.web.pages import claims, identities, learned, looks, rights, routes, staff, statistics, yourdata

router = APIRouter()
for part in (routes, identities, claims, rights, learned, yourdata, looks, staff, statistics):
    router.include_router(part.router)
