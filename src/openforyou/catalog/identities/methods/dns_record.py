"""A TXT record: whoever may write into a domain's zone holds the domain."""

from __future__ import annotations

from hashlib import sha256

from openforyou.catalog.identities.errors import NotProven
from openforyou.catalog.identities.looking import shown
from openforyou.catalog.identities.types import Asked, Outside, Seen, Step
from openforyou.outside.fetcher import Fetcher

LABEL = "_openforyou"
KEY = "openforyou="


class DnsRecord:
    """`_openforyou.ada.example TXT "openforyou=CODE"`. For that name alone, not for those below it."""

    name = "dns"
    title = "a DNS record"
    rechecks = True

    def begin(self, outside: Outside, fetcher: Fetcher) -> dict[str, str]:  # noqa: ARG002 - nothing to agree on
        return {}

    def steps(self, asked: Asked) -> tuple[Step, ...]:
        return (
            Step("In the DNS of your domain, add a TXT record under this name:", _name(asked)),
            Step("With this value:", KEY + asked.code),
            Step("Leave it there: it is looked at again each week."),
        )

    def look(self, asked: Asked, fetcher: Fetcher) -> Seen:
        records = list(fetcher.texts(_name(asked)))
        digest = sha256("\n".join(sorted(records)).encode()).hexdigest()
        if any(record.strip() == KEY + asked.code for record in records):
            return Seen(f"dns:{_name(asked)}?type=TXT", f"{KEY}{asked.code} in a TXT record", digest)
        raise NotProven(
            f"The TXT records of {_name(asked)} are {shown(records, 'none')}.",
            hint="A new record may take some hours until it is seen; then check again.",
            url=f"dns:{_name(asked)}?type=TXT",
            sha256=digest,
        )


def _name(asked: Asked) -> str:
    return f"{LABEL}.{asked.outside.who.partition(':')[0]}"


METHOD = DnsRecord()
