"""How an endpoint reaches the platform and the process's own state, as FastAPI dependencies.

They are coroutines that await nothing, so that FastAPI does not spend a thread on each.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from openforyou.app.platform import Platform
from openforyou.core.clock import Clock
from openforyou.web.origin import Site
from openforyou.web.rates import Rates


async def _platform(request: Request) -> Platform:
    platform: Platform = request.app.state.platform
    return platform


async def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.platform.clock
    return clock


async def _rates(request: Request) -> Rates:
    rates: Rates = request.app.state.rates
    return rates


async def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


ThePlatform = Annotated[Platform, Depends(_platform)]
TheClock = Annotated[Clock, Depends(_clock)]
TheRates = Annotated[Rates, Depends(_rates)]
TheSite = Annotated[Site, Depends(_site)]
