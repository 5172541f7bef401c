"""A link on the profile that says: that page there is me, too.

Both directions: the profile links to the creator's page with `rel=me`; and the creator's page names the profile, first
by the word of whoever is signed in as that creator, and with a `rel=me` link of its own once it is proven.
https://microformats.org/wiki/rel-me
"""

from __future__ import annotations

from openforyou.catalog.identities.errors import NotProven
from openforyou.catalog.identities.looking import own_page, same_address, seen, shown
from openforyou.catalog.identities.pages import read_page
from openforyou.catalog.identities.types import Asked, Outside, Seen, Step
from openforyou.core.errors import BadInput
from openforyou.outside.fetcher import Fetcher


class RelMe:
    """`<a rel="me">` or `<link rel="me">`."""

    name = "rel-me"
    title = "a link on your profile"
    rechecks = True

    def begin(self, outside: Outside, fetcher: Fetcher) -> dict[str, str]:  # noqa: ARG002 - nothing to agree on
        return {}

    def steps(self, asked: Asked) -> tuple[Step, ...]:
        if not asked.page:
            raise BadInput(
                "This platform has no public address yet, so nothing can link to it.",
                hint="Choose another way, or ask the operator to set OPENFORYOU_ORIGIN.",
                field="method",
            )
        return (
            Step(f"Put a link to your page here on {asked.outside.url}, as the profile's website or link.", asked.page),
            Step(
                "On a page that you write yourself, say that it is you:",
                f'<a rel="me" href="{asked.page}">OpenForYou</a>',
            ),
            Step("Leave it there: it is looked at again each week."),
        )

    def look(self, asked: Asked, fetcher: Fetcher) -> Seen:
        answer = own_page(fetcher, asked.outside.url)
        links = read_page(answer).me
        if any(same_address(link, asked.page) for link in links):
            return seen(answer, f'rel="me" link to {asked.page}')
        there = shown(links, "no link that says me")
        raise NotProven(
            f"{asked.outside.url} has {there}, and none to {asked.page or 'a page here'}.",
            url=answer.url,
            sha256=seen(answer, "").sha256,
        )


METHOD = RelMe()
