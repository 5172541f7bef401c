"""The application: the API, the media, the pages and the static files behind one shield."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

from openforyou.app.platform import Platform
from openforyou.app.witnesses import witness_policy
from openforyou.web import log, media
from openforyou.web.api import router as api
from openforyou.web.media import Listed
from openforyou.web.origin import Site
from openforyou.web.pages import identities
from openforyou.web.pages.logbook import Logbook
from openforyou.web.pages.routes import error_page
from openforyou.web.pages.routes import router as pages
from openforyou.web.problems import PROBLEMS, install
from openforyou.web.rates import Rates
from openforyou.web.security import Shield
from openforyou.web.session import COOKIE_NAMES, Door
from openforyou.web.unfinished import Unfinished

STATIC = Path(__file__).parent / "static"
DESCRIPTION = """
The For You feed and everything around it. Ask `GET /v1/feed` first and keep its cookie: it is who you are to the
feed. Errors are `{"code", "error", "hint"?, "field"?}`. A program that keeps cookies sends `Origin` with this
server's address whenever it changes something.
"""
_log = logging.getLogger(__name__)


def create_app(platform: Platform, *, rates: Rates | None = None) -> FastAPI:
    """The application on an open platform, which the caller closes after it. Raises `BadInput` for a bad origin."""
    site = Site.read(platform.settings.origin)
    # No Swagger page: it needs foreign and inline scripts, which the policy forbids. /openapi.json stays.
    app = FastAPI(
        title="OpenForYou",
        version=version("openforyou"),
        description=DESCRIPTION.strip(),
        docs_url=None,
        redoc_url=None,
        lifespan=_life,
        generate_unique_id_function=_operation,
    )
    app.state.platform = platform
    app.state.site = site
    app.state.rates = rates or Rates()
    app.state.listed = Listed(platform.catalog)
    app.state.logbook = Logbook(platform, witness_policy(platform.settings))
    app.state.unfinished = Unfinished(platform.settings.data / "uploads-part", platform.clock)
    app.state.door = Door(platform.accounts, site, app.state.rates, platform.clock, platform.settings.signing_key())
    install(app, error_page)
    app.include_router(api, responses=PROBLEMS)
    app.include_router(media.router, responses=PROBLEMS)
    app.include_router(log.router, responses=PROBLEMS)
    app.include_router(pages, include_in_schema=False)
    app.include_router(identities.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Shield, site=site, cookie_names=COOKIE_NAMES)
    return app


def _operation(route: APIRoute) -> str:
    """The name of an operation in the description of the API, and so in clients that are made from it."""
    return f"{route.tags[0] if route.tags else 'page'}_{route.name}"


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """Clear away uploads that expired while nobody was here."""
    unfinished: Unfinished = app.state.unfinished
    try:
        await run_in_threadpool(unfinished.sweep)
    except OSError:
        _log.exception("expired uploads could not be cleared away")
    yield
