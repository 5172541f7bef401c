"""The licence of the work: `rel=license` of a page or a header, and the licence that a feed's entry names.

Public domain and CC BY or BY-SA allow every use under naming the author. NC and ND set conditions that a machine cannot
judge. Any other licence says nothing that is understood here, and nothing is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from openforyou.ingest.optouts.metas import read_head
from openforyou.ingest.optouts.readers import PAGE, Simple
from openforyou.ingest.optouts.rules import words
from openforyou.ingest.optouts.types import Found, Says
from openforyou.outside.types import Answer

_URL = re.compile(r"//(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)", re.IGNORECASE)
_NAME = re.compile(r"\b(?:CC[ -]?(0|BY(?:-(?:NC|ND|SA))*)|Creative Commons ([A-Za-z -]+))", re.IGNORECASE)
_RESERVED = re.compile(r"all rights reserved", re.IGNORECASE)
_LINK = re.compile(r"<([^>]*)>\s*;[^,]*rel=\"?license", re.IGNORECASE)
FREE = frozenset({"by", "by-sa", "zero", "0", "mark", "publicdomain"})


class Licence(Simple):
    """`rel=license`."""

    name = "licence"
    places = (PAGE,)

    def read(self, place: str, answer: Answer, url: str) -> Sequence[Found]:  # noqa: ARG002 - of this page
        named = [to for to, _ in read_head(answer).licences]
        named += _LINK.findall(", ".join(answer.headers.get_list("link")))
        return [found for one in dict.fromkeys(named) if (found := of_licence(one))]


def of_licence(text: str) -> Found | None:
    """What a licence says, by its address or name, as `media:license` and `rights` have them; None: nothing known."""
    if _RESERVED.search(text):
        return Found(Licence.name, Says.FORBIDDEN, words(text))
    if url := _URL.search(text):
        code = url[1].lower()
    elif name := _NAME.search(text):
        code = _spelled(name)
    else:
        return None
    return Found(Licence.name, Says.ALLOWED if code in FREE else Says.CONSTRAINED, words(text))


def _spelled(name: re.Match[str]) -> str:
    if name[1]:
        return name[1].lower()
    told = name[2].lower()
    if "zero" in told or "public domain" in told:
        return "zero"
    parts = [
        "by",
        *(
            code
            for word, code in (("noncommercial", "nc"), ("non-commercial", "nc"), ("noderiv", "nd"), ("no deriv", "nd"))
            if word in told
        ),
    ]
    return "-".join(parts) if "attribution" in told or len(parts) > 1 else "unknown"


READER = Licence()
