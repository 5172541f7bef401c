"""A page, from its template and what every page is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi.responses import HTMLResponse

from openforyou.app.platform import Platform
from openforyou.web.pages.rendering import templates
from openforyou.web.session import Visitor


@dataclass(frozen=True, slots=True)
class Me:
    """Whoever is signed in, as the pages name them."""

    email: str
    has_password: bool
    handle: str
    name: str
    is_minor: bool


def drawn(name: str, visitor: Visitor, platform: Platform, **told: Any) -> HTMLResponse:
    """A template with what every page is told."""
    chosen = platform.events.controls(visitor.viewer_id)
    html = templates().get_template(name).render(me=_me(visitor, platform), controls=chosen, **told)
    return HTMLResponse(html)


def _me(visitor: Visitor, platform: Platform) -> Me | None:
    account = visitor.account
    if account is None:
        return None
    own = platform.catalog.creator_of_account(account.id)
    handle, name = ("", "") if own is None else (own.handle, own.name)
    return Me(
        email=account.email, has_password=account.has_password, handle=handle, name=name, is_minor=account.is_minor
    )
