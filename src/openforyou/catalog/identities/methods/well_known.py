"""A file at a well-known place: whoever may put it there holds the site (RFC 8615)."""

from __future__ import annotations

from openforyou.catalog.identities.errors import NotProven
from openforyou.catalog.identities.looking import own_page, seen, shown
from openforyou.catalog.identities.types import Asked, Outside, Seen, Step
from openforyou.outside.fetcher import Fetcher

PATH = ".well-known/openforyou.txt"


class WellKnown:
    """`/.well-known/openforyou.txt` with the code on a line of its own."""

    name = "well-known"
    title = "a file on your site"
    rechecks = True

    def begin(self, outside: Outside, fetcher: Fetcher) -> dict[str, str]:  # noqa: ARG002 - nothing to agree on
        return {}

    def steps(self, asked: Asked) -> tuple[Step, ...]:
        return (
            Step("Put a text file at this address of your site:", asked.outside.url + PATH),
            Step("With this line:", asked.code),
            Step("Leave it there: it is looked at again each week."),
        )

    def look(self, asked: Asked, fetcher: Fetcher) -> Seen:
        answer = own_page(fetcher, asked.outside.url + PATH, accept="text/plain")
        lines = answer.body.decode("utf-8", "replace").splitlines()
        if any(line.strip() == asked.code for line in lines):
            return seen(answer, f"{asked.code} on a line of the file")
        raise NotProven(
            f"{answer.url} reads {shown(lines, 'nothing')}.", url=answer.url, sha256=seen(answer, "").sha256
        )


METHOD = WellKnown()
