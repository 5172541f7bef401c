"""The shield around every request: who may make a browser ask, how much may be sent, and what each answer carries.

Cross-site request forgery. A request that changes something is refused when the browser says that another site
made it (`Sec-Fetch-Site`, or `Origin` where that is missing). A client that sends neither is no browser; it may
act as long as it carries no cookie of ours, for without one nobody's rights can be borrowed. A program that signs
in and keeps the cookie sends `Origin` with our address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openforyou.core.errors import NotFound, OpenForYouError, TooLarge, Unavailable
from openforyou.web.origin import Site
from openforyou.web.problems import ForeignOrigin, respond, told, unforeseen

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_BYTES_MAX = 64 * 1024
BODY_BYTES_OF = {"/v1/events": 1024 * 1024}
STREAMED = "/v1/uploads/"
STREAMED_AT = frozenset({"/v1/sounds", "/v1/studio/files", "/v1/studio/takes"})
"""Uploads count their own bytes: each has a length of its own."""
BODY_WAIT_S = 60
ADDED = "openforyou.headers"
"""Where in the scope a request's handlers leave (name, value) headers for whatever response there will be."""

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=(), browsing-topics=(), autoplay=(self), fullscreen=(self), "
        "publickey-credentials-create=(self), publickey-credentials-get=(self)"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
CACHE_OF = {"/v1/": "no-store", "/static/": "no-cache"}
CACHE_PAGES = "private, no-cache"
STRICT_TRANSPORT_SECURITY = "max-age=31536000"


class Shield:
    """The outermost layer. `cookie_names` are the cookies that say who asks."""

    def __init__(self, app: ASGIApp, *, site: Site, cookie_names: Iterable[str]) -> None:
        self._app = app
        self._site = site
        self._cookie_names = frozenset(cookie_names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        scope[ADDED] = []
        started = False

        async def send_dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._dress(request, MutableHeaders(scope=message))
            await send(message)

        try:
            if "\x00" in scope["path"]:  # no name holds one, and PostgreSQL takes none
                raise NotFound("There is nothing at this address.", hint="Check the address.")
            self._site.check_host(request)
            self._check_origin(request)
            await self._app(scope, _bounded(receive, request), send_dressed)
        except ClientDisconnect:
            return
        except Exception as error:
            if started:  # half an answer is out: break off, so that nobody takes it for a whole one
                raise
            foreseen = isinstance(error, OpenForYouError)
            response = respond(request, told(error)) if foreseen else unforeseen(request, error)  # type: ignore[arg-type]
            await response(scope, receive, send_dressed)

    def _check_origin(self, request: Request) -> None:
        """Raises `ForeignOrigin` where another site's page may be behind a request that changes something."""
        if request.method in SAFE_METHODS:
            return
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None:
            own = site in ("same-origin", "none")
        elif origin is not None:
            own = self._site.is_own(request, origin)
        else:
            own = not self._cookie_names & request.cookies.keys()
        if not own:
            raise ForeignOrigin(
                "Another site asked for this in your name.",
                hint="Do it on our own page. A program that keeps cookies sends Origin with our address.",
                field="Origin",
            )

    def _dress(self, request: Request, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        path = request.url.path
        kept = next((rule for prefix, rule in CACHE_OF.items() if path.startswith(prefix)), CACHE_PAGES)
        headers.setdefault("Cache-Control", kept)
        if self._site.is_secure(request):
            headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT_SECURITY)
        for name, value in request.scope[ADDED]:
            headers.append(name, value)


def _bounded(receive: Receive, request: Request) -> Receive:
    """`receive`, but a body may be only so long and only so slow. Raises `TooLarge`, `Unavailable`."""
    path = request.url.path
    is_counted_there = path.startswith(STREAMED) or path in STREAMED_AT
    most = None if is_counted_there else BODY_BYTES_OF.get(path, BODY_BYTES_MAX)
    declared = request.headers.get("content-length", "")
    if most is not None and declared.isdecimal() and int(declared) > most:
        raise _too_large(most)
    count, whole = 0, False

    async def receive_bounded() -> Message:
        nonlocal count, whole
        if whole:  # what comes now is only the news that the client left
            return await receive()
        try:
            async with asyncio.timeout(BODY_WAIT_S):
                message = await receive()
        except TimeoutError:
            raise Unavailable("The body came too slowly.", hint="Send it again over a better connection.") from None
        if message["type"] == "http.request":
            count += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if most is not None and count > most:
                raise _too_large(most)
        return message

    return receive_bounded


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The body is larger than {most} bytes.", hint="Send it in smaller parts.")
