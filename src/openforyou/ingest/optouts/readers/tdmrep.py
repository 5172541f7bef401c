"""TDMRep, the reservation of text and data mining: a file of the host, headers, and metas of the page.

W3C Community Group report of 2024: `tdm-reservation` 1 reserves; a `tdm-policy` beside it says under which conditions
it may be had, which no machine can agree to.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx

from openforyou.ingest.optouts.metas import read_head
from openforyou.ingest.optouts.readers import PAGE, Simple
from openforyou.ingest.optouts.rules import most_specific, words
from openforyou.ingest.optouts.types import Found, Says
from openforyou.outside.types import Answer

FILE = "/.well-known/tdmrep.json"
RESERVATION, POLICY = "tdm-reservation", "tdm-policy"


class TdmRep(Simple):
    """`tdm-reservation`."""

    name = "tdmrep"
    places = (FILE, PAGE)

    def read(self, place: str, answer: Answer, url: str) -> Sequence[Found]:
        if place == FILE:
            return _of_file(answer, url)
        head = read_head(answer)
        reserved = [*answer.headers.get_list(RESERVATION), *head.named(RESERVATION)]
        policies = [*answer.headers.get_list(POLICY), *head.named(POLICY)]
        policy = policies[0] if policies else ""
        return [Found(self.name, says, _words(one, policy)) for one in reserved if (says := _says(one, policy))]


def _of_file(answer: Answer, url: str) -> list[Found]:
    if not answer.ok:
        return []
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        return []
    rules = []
    for rule in told if isinstance(told, list) else ():
        if isinstance(rule, dict) and isinstance(rule.get("location"), str):
            policy = str(rule.get(POLICY, ""))
            if says := _says(rule.get(RESERVATION), policy):
                rules.append((rule["location"], says, f"{rule['location']}: {_words(rule[RESERVATION], policy)}"))
    found = most_specific(rules, httpx.URL(url).raw_path.decode("ascii"))
    return [] if found is None else [Found(TdmRep.name, found[0], words(found[1]))]


def _says(reservation: Any, policy: str) -> Says | None:
    if str(reservation).strip() == "1":
        return Says.CONSTRAINED if policy else Says.FORBIDDEN
    return Says.ALLOWED if str(reservation).strip() == "0" else None


def _words(reservation: Any, policy: str) -> str:
    return words(f"{RESERVATION}: {reservation}" + (f", {POLICY}: {policy}" if policy else ""))


READER = TdmRep()
