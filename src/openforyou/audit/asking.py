"""Asks a server for JSON: with one deadline for a whole answer, and a limit to its size."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache
from typing import Any

import httpx
import orjson

from openforyou.audit.errors import ShownFailed

TIMEOUT_S = 20.0
ANSWER_BYTES_MAX = 16 << 20


class Absent(ShownFailed):
    """The server has no such address."""

    code = "absent"


def ask(address: str, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """The JSON object at `address`. Raises `ShownFailed` naming it, `Absent` where there is none."""
    try:
        # httpx's own time limit is for each read: a server that sends a byte a second would never pass it.
        data = asyncio.run(_fetch(address, timeout_s))
    except TimeoutError:
        raise ShownFailed(
            f"{address} did not answer in full within {timeout_s:g} s.", hint="Try again, or with a longer --timeout."
        ) from None
    except httpx.HTTPError as error:
        raise ShownFailed(f"{address} cannot be read: {str(error) or type(error).__name__}") from error
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ShownFailed(f"{address} is no JSON: {error}") from error
    if not isinstance(told, dict):
        raise ShownFailed(f"{address} is no JSON object.")
    return told


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to believe under https. Made once: that takes longer than most requests."""
    return httpx.create_ssl_context()


async def _fetch(address: str, timeout_s: float) -> bytes:
    async with (
        asyncio.timeout(timeout_s),
        httpx.AsyncClient(timeout=timeout_s, verify=_certificates(), follow_redirects=False) as client,
        client.stream("GET", address, headers={"Accept": "application/json", "Accept-Encoding": "identity"}) as answer,
    ):
        if answer.status_code == 404:
            raise Absent(f"{address} is not there.")
        if answer.status_code != 200:
            raise ShownFailed(f"{address} answers with status {answer.status_code}.")
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise ShownFailed(f"{address} is compressed, which was not asked for.")
        body = bytearray()
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > ANSWER_BYTES_MAX:
                raise ShownFailed(f"{address} is larger than {ANSWER_BYTES_MAX} bytes.")
        return bytes(body)
