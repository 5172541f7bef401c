"""An account of the AT Protocol: from the handle to its DID and back, then a word in the account's own profile record.

1. The handle names a DID: TXT `did=…` at `_atproto.HANDLE`, or `https://HANDLE/.well-known/atproto-did`.
2. The DID document (`did:plc` from the directory, `did:web` from its host) names the handle in `alsoKnownAs`. Without
   this way back, a handle could point at the DID of anybody.
3. The account's server, as the document names it, shows the code in the profile's description.

https://atproto.com/specs/handle, https://atproto.com/specs/did. The record is read from the server that the document
names, which holds the account; its signature in the repository is not checked.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from openforyou.catalog.identities.errors import BEGIN_ANEW, NotProven, NowAnothers
from openforyou.catalog.identities.looking import holds, own_page, shown
from openforyou.catalog.identities.platforms import is_host
from openforyou.catalog.identities.types import Asked, Outside, Seen, Step
from openforyou.outside.errors import OutsideRefused
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.types import Answer

PLC_DIRECTORY = "https://plc.directory"
RECORD = "/xrpc/com.atproto.repo.getRecord?repo={did}&collection=app.bsky.actor.profile&rkey=self"
_DID = re.compile(r"did:(?:plc:[a-z2-7]{24}|web:[a-z0-9.%-]{1,253})", re.IGNORECASE)
_TXT = "did="


class Atproto:
    """`plc` is the directory that resolves `did:plc`."""

    name = "atproto"
    title = "a code in your Bluesky bio"
    rechecks = True

    def __init__(self, plc: str = PLC_DIRECTORY) -> None:
        self._plc = plc.rstrip("/")

    def begin(self, outside: Outside, fetcher: Fetcher) -> dict[str, str]:
        """The DID at this moment, so that a handle which moves before the check is noticed."""
        return {"did": _did_of(outside.who, fetcher)}

    def steps(self, asked: Asked) -> tuple[Step, ...]:
        stay = "It is looked at again each week. You may put the address of your page here in its place."
        return (
            Step("Put this code into the description of your profile, and save.", asked.code),
            Step(stay if asked.page else "Leave it there: it is looked at again each week.", asked.page),
        )

    def look(self, asked: Asked, fetcher: Fetcher) -> Seen:
        handle = asked.outside.who
        did = _did_of(handle, fetcher)
        if asked.secrets.get("did", did) != did:
            raise NowAnothers(f"{handle} named {asked.secrets['did']} before, and names {did} now.", hint=BEGIN_ANEW)
        document = _document(did, self._plc, fetcher)
        names = [str(one) for one in document.get("alsoKnownAs", ()) if isinstance(one, str)]
        if f"at://{handle}" not in [name.lower() for name in names]:
            raise NotProven(
                f"{handle} names {did}, whose document names {shown(names, 'no handle')}.",
                hint="The account must name the handle as well.",
            )
        answer = own_page(
            fetcher, _server(document, did) + RECORD.format(did=quote(did, safe="")), accept="application/json"
        )
        value = _json(answer).get("value")
        text = value.get("description") if isinstance(value, dict) else None
        if found := holds(text if isinstance(text, str) else "", asked):
            profile = f"https://bsky.app/profile/{did}"
            what = f"{found} in the profile of {did}, which {handle} names and which names {handle}"
            return Seen(answer.url, what, sha256(answer.body).hexdigest(), did, handle, profile)
        raise NotProven(
            f"The description of {handle} reads {shown([str(text or '')], 'nothing')}.",
            url=answer.url,
            sha256=sha256(answer.body).hexdigest(),
        )


def _did_of(handle: str, fetcher: Fetcher) -> str:
    """By DNS, else by the well-known file. Two records that differ are none, as the specification says."""
    host = handle.partition(":")[0]
    named = {text.strip().removeprefix(_TXT) for text in fetcher.texts(f"_atproto.{host}") if text.startswith(_TXT)}
    if len(named) > 1:
        raise NotProven(f"_atproto.{host} names {len(named)} DIDs.", hint="Leave one of its TXT records.")
    if not named:
        try:
            named = {
                own_page(fetcher, f"https://{handle}/.well-known/atproto-did").body.decode("utf-8", "replace").strip()
            }
        except (NotProven, OutsideRefused) as error:
            raise NotProven(
                f"{handle} names no account: there is no TXT record at _atproto.{host}, and {error.message}",
                hint="Check the handle.",
            ) from error
    did = named.pop()
    if not _DID.fullmatch(did):
        raise NotProven(f"{handle} names {did[:80]!r}, which is no DID that is read here.", hint="Check the handle.")
    return did


def _document(did: str, plc: str, fetcher: Fetcher) -> dict[str, Any]:
    if did.startswith("did:web:"):
        host = did.removeprefix("did:web:").replace("%3A", ":").replace("%3a", ":").lower()
        if not is_host(host):
            raise NotProven(f"{did} names no host.", hint="Check the handle.")
        url = f"https://{host}/.well-known/did.json"
    else:
        url = f"{plc}/{did}"
    document = _json(own_page(fetcher, url, accept="application/did+ld+json,application/json"))
    if document.get("id") != did:
        raise NotProven(f"The document at {url} is of {str(document.get('id'))[:80]!r}.", url=url)
    return document


def _server(document: dict[str, Any], did: str) -> str:
    services = document.get("service")
    for service in services if isinstance(services, list) else ():
        if isinstance(service, dict) and str(service.get("id", "")).removeprefix(did) == "#atproto_pds":
            return str(service.get("serviceEndpoint", "")).rstrip("/")
    raise NotProven(f"The document of {did} names no server of the account.")


def _json(answer: Answer) -> dict[str, Any]:
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise NotProven(f"{answer.url} answers no JSON.", url=answer.url) from error
    return told if isinstance(told, dict) else {}


METHOD = Atproto()
