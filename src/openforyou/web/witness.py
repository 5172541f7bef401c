"""A witness over HTTP (C2SP tlog-witness): an application of its own, without anything of the platform.

    POST /add-checkpoint        200 the cosignature lines · 400 · 403 · 404 · 409 with the size known · 422
    GET  /HASH/checkpoint       what it cosigned last of the log whose origin has this SHA-256, for whoever compares
    GET  /                      who it is and what it watches, for people

The errors of the protocol are plain text; 409 alone has a type of its own, because a program reads it. Nothing is known
of who asks, and nothing is kept of it.
"""

from __future__ import annotations

import asyncio
import logging

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from openforyou.ledger.errors import BadNote, BadProof, BadSignature, LedgerError, StaleSize
from openforyou.ledger.submission import PATH, SIZE_TYPE, SUBMISSION_BYTES_MAX, BadSubmission, format_size
from openforyou.ledger.witness import UnknownLog, Witness, WitnessClosed

BODY_WITHIN_S = 10.0
"""A body that has not come in full by then is not waited for."""

STATUS: tuple[tuple[type[LedgerError], int], ...] = (
    (BadSubmission, 400),
    (BadNote, 400),
    (UnknownLog, 404),
    (BadSignature, 403),
    (BadProof, 422),
    (WitnessClosed, 503),
)

_log = logging.getLogger(__name__)


def create_app(witness: Witness) -> Starlette:
    """The application for an open witness, which the caller closes after it."""
    app = Starlette(
        routes=[
            Route("/", _about, methods=["GET"]),
            Route(f"/{PATH}", _add_checkpoint, methods=["POST"]),
            Route("/{hashed}/checkpoint", _latest, methods=["GET"]),
        ]
    )
    app.state.witness = witness
    return app


async def _add_checkpoint(request: Request) -> Response:
    witness: Witness = request.app.state.witness
    body = await _body(request)
    if isinstance(body, Response):
        return body
    try:
        return PlainTextResponse(await run_in_threadpool(witness.add_checkpoint, body))
    except StaleSize as error:
        return Response(format_size(error.known_size), 409, {"Content-Type": SIZE_TYPE})
    except LedgerError as error:
        status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
        return PlainTextResponse(f"{error}\n", status)
    except OSError:
        _log.exception("the checkpoint could not be kept, so it was not cosigned")
        return PlainTextResponse("The checkpoint could not be kept, so it was not cosigned.\n", 503)


async def _body(request: Request) -> bytes | Response:
    """The body, or the answer to one that is too large or too slow."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > SUBMISSION_BYTES_MAX:
                    return PlainTextResponse(f"A submission has {SUBMISSION_BYTES_MAX} bytes at most.\n", 413)
    except TimeoutError:
        return PlainTextResponse(f"The body did not come within {BODY_WITHIN_S:g} s.\n", 408, {"Connection": "close"})
    except ClientDisconnect:
        return Response(status_code=400)
    return bytes(body)


async def _latest(request: Request) -> Response:
    witness: Witness = request.app.state.witness
    note = witness.latest_note(request.path_params["hashed"])
    if note is None:
        return PlainTextResponse("This witness has cosigned nothing of such a log.\n", 404)
    return PlainTextResponse(note, headers={"Cache-Control": "no-cache"})


async def _about(request: Request) -> Response:
    witness: Witness = request.app.state.witness
    lines = [f"{witness.name} is a witness of transparency logs (https://c2sp.org/tlog-witness).", "", "Its keys:"]
    lines += [key.vkey() for key in witness.keys]
    lines += ["", "The logs that it watches, and the size that it cosigned last:"]
    lines += [f"{origin} {0 if latest is None else latest.size}" for origin, latest in witness.latest().items()]
    return PlainTextResponse("\n".join(lines) + "\n")
