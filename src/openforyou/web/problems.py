"""Errors as responses: one shape for programs, one page for people, and never a stack trace for either.

The error tree of `core.errors` knows what is wrong and what to do next; this adds a status. What nobody foresaw
becomes a 500 with a reference that also stands in the log, so that the two find each other.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from openforyou.core.errors import (
    BadInput,
    BadMedia,
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OpenForYouError,
    TooLarge,
    TooMany,
    Unavailable,
)

_log = logging.getLogger(__name__)


class Malformed(BadInput):
    """The body cannot be read at all."""

    code = "malformed"


class ForeignOrigin(NotAllowed):
    """Another site's page made the browser send this."""

    code = "foreign_origin"


class WrongHost(BadInput):
    """Asked under a name that is not ours."""

    code = "wrong_host"


class WrongProtocol(BadInput):
    """A version of a protocol that is not spoken here."""

    code = "wrong_protocol"


class WrongContentType(BadInput):
    """A body of another kind than this address takes."""

    code = "wrong_content_type"


class Locked(Conflict):
    """Somebody is at it already."""

    code = "locked"


# The first class that an error is of decides.
STATUS: tuple[tuple[type[OpenForYouError], int], ...] = (
    (Malformed, 400),
    (WrongHost, 421),
    (WrongProtocol, 412),
    (WrongContentType, 415),
    (Locked, 423),
    (TooLarge, 413),
    (BadMedia, 422),
    (BadInput, 422),
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooMany, 429),
    (Unavailable, 503),
)
UNAVAILABLE_RETRY_S = 2


class Problem(BaseModel):
    """What went wrong and what to do about it."""

    code: str = Field(description="Stable and machine-readable.", examples=["bad_input"])
    error: str = Field(description="What is wrong, in words.")
    hint: str | None = Field(None, description="What to do next.")
    field: str | None = Field(None, description="Which part of the request is meant.")
    reference: str | None = Field(None, description="Names an unforeseen error in the server's log.")


class Told(BaseModel):
    """A problem with its status: what an error page is given."""

    status: int
    problem: Problem
    headers: dict[str, str] = {}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Problem, "description": "The request cannot be met as it is; the answer says why."},
    422: {"model": Problem, "description": "Something in the request cannot be used; `field` says what."},
    "5XX": {"model": Problem, "description": "Our fault, or a part is away; the same request may work later."},
}
"""What every address may answer, for the description of the API."""
ErrorPage = Callable[[Request, Told], Response]
"""Renders a problem for people. The pages give theirs as `openforyou.web.pages.routes.error_page`."""
_PROGRAMS = ("/v1/", "/media/", "/log/", "/static/", "/openapi.json")


def install(app: FastAPI, error_page: ErrorPage) -> None:
    """Answer every error of `app` in this shape."""
    app.state.error_page = error_page
    app.add_exception_handler(OpenForYouError, _foreseen)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def told(error: OpenForYouError) -> Told:
    """An error of ours with its status."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    headers: dict[str, str] = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after_s)
    elif isinstance(error, Unavailable):
        headers["Retry-After"] = str(UNAVAILABLE_RETRY_S)
    return Told(status=status, problem=Problem(**error.as_dict()), headers=headers)


def unforeseen(request: Request, error: Exception) -> Response:
    """A 500 with a reference; the log has the same one, and the trace. Neither holds an address."""
    reference = secrets.token_hex(6)
    route = getattr(request.scope.get("route"), "path", "")
    _log.error("unforeseen error %s in %s %s", reference, request.method, route, exc_info=error)
    problem = Problem(
        code="unforeseen",
        error="Something went wrong on our side.",
        hint="Try again; if it stays, tell the operator the reference.",
        field=None,
        reference=reference,
    )
    return respond(request, Told(status=500, problem=problem))


def respond(request: Request, what: Told) -> Response:
    """JSON for programs, a page for people."""
    if request.url.path.startswith(_PROGRAMS):
        return as_json(what.problem, what.status, what.headers)
    page: ErrorPage = request.app.state.error_page
    response = page(request, what)
    response.headers.update(what.headers)
    return response


def as_json(problem: Problem, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The problem as a client reads it; empty parts are left out."""
    body = orjson.dumps(problem.model_dump(exclude_none=True))
    return Response(body, status, headers, media_type="application/json")


def _foreseen(request: Request, error: Exception) -> Response:
    assert isinstance(error, OpenForYouError), "installed for our own errors"
    return respond(request, told(error))


def _invalid(request: Request, error: Exception) -> Response:
    """The first thing that is wrong with a body or a parameter; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError), "installed for it"
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return respond(request, told(Malformed("The body is not JSON.", hint="Send a JSON object.")))
    field = ".".join(str(part) for part in first["loc"][1:])
    message = f"{field or 'The body'}: {first['msg']}."
    hint = "See /openapi.json."
    return respond(request, told(BadInput(message, hint=hint, field=field)))


def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself: unknown paths, wrong methods, bodies that broke off."""
    assert isinstance(error, HTTPException), "installed for it"
    if isinstance(error.__cause__, OpenForYouError):  # raised while the framework read the body
        return respond(request, told(error.__cause__))
    said = {
        404: ("not_found", "There is nothing at this address.", "Check the address."),
        405: ("method_not_allowed", f"{request.method} is not possible here.", "See /openapi.json."),
    }
    code, message, hint = said.get(
        error.status_code, ("malformed", f"{error.detail.rstrip('.')}.", "See /openapi.json.")
    )
    problem = Problem(code=code, error=message, hint=hint, field=None, reference=None)
    return respond(request, Told(status=error.status_code, problem=problem, headers=dict(error.headers or {})))
