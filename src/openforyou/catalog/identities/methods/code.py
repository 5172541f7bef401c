"""A one-time code in the profile's own description."""

from __future__ import annotations

from openforyou.catalog.identities.errors import NotProven
from openforyou.catalog.identities.looking import holds, own_page, seen, shown
from openforyou.catalog.identities.pages import read_page
from openforyou.catalog.identities.types import Asked, Outside, Seen, Step
from openforyou.outside.fetcher import Fetcher


class Code:
    """The code, or a link to the creator's page here, where the profile page states what the account says of itself."""

    name = "code"
    title = "a code in your bio"
    rechecks = True

    def begin(self, outside: Outside, fetcher: Fetcher) -> dict[str, str]:  # noqa: ARG002 - nothing to agree on
        return {}

    def steps(self, asked: Asked) -> tuple[Step, ...]:
        later = Step(
            "You may then put the address of your page here in its place. One of the two must stay.", asked.page
        )
        stay = Step("Leave it there: it is looked at again each week.")
        return (
            Step("Put this code into the description of your profile (the bio), and save.", asked.code),
            Step("Make sure that the profile is public.", link=asked.outside.url),
            later if asked.page else stay,
        )

    def look(self, asked: Asked, fetcher: Fetcher) -> Seen:
        answer = own_page(fetcher, asked.outside.url)
        says = read_page(answer).says
        for text in says:
            if found := holds(text, asked):
                return seen(answer, f"{found} in the profile's description")
        there = shown(says, "nothing that can be seen without signing in")
        raise NotProven(
            f"The description at {asked.outside.url} reads {there}.",
            url=answer.url,
            sha256=seen(answer, "").sha256,
        )


METHOD = Code()
