"""AIPREF, the IETF's preferences for use by AI: a header, and lines in robots.txt.

`Content-Usage: train-ai=n` (draft-ietf-aipref-attach, draft-ietf-aipref-vocab): a dictionary of structured fields, in
robots.txt perhaps after a path. The vocabulary speaks of generative models; a recommender is another use, but whoever
says *no* to the one has not said *yes* to the other, so *no* is heard for both, and *yes* for neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import httpx

from openforyou.ingest.optouts.readers import PAGE, Simple
from openforyou.ingest.optouts.rules import most_specific, words
from openforyou.ingest.optouts.types import Found, Says
from openforyou.outside.fetcher import ROBOT
from openforyou.outside.types import Answer

FILE = "/robots.txt"
HEADER = "content-usage"
TRAINING = frozenset({"train-ai", "train-genai", "ai", "genai", "tdm", "bots", "automated"})
"""`train-ai` and the names that stood for it in earlier drafts, and wider ones that hold it."""
_ITEM = re.compile(r"\s*([a-z*][a-z0-9_.*-]*)\s*(?:=\s*([a-z0-9?\"]+))?[^,]*(?:,|$)", re.IGNORECASE)


class AiPref(Simple):
    """`Content-Usage`."""

    name = "aipref"
    places = (FILE, PAGE)

    def read(self, place: str, answer: Answer, url: str) -> Sequence[Found]:
        if place == PAGE:
            told = answer.headers.get_list(HEADER)
            return [Found(self.name, Says.FORBIDDEN, words(f"Content-Usage: {one}")) for one in told if _refuses(one)]
        if not answer.ok:
            return []
        lines = answer.body.decode("utf-8", "replace").splitlines()
        rules = [
            (path, Says.FORBIDDEN if _refuses(usage) else Says.ALLOWED, f"Content-Usage: {path} {usage}")
            for path, usage in _usages(lines)
        ]
        found = most_specific(rules, httpx.URL(url).raw_path.decode("ascii"))
        # A *yes* is to generative models; we asked for something else.
        return [Found(self.name, *found)] if found is not None and found[0] is Says.FORBIDDEN else []


def _refuses(usage: str) -> bool:
    return any(item[1].lower() in TRAINING and (item[2] or "").lower() in ("n", "?0") for item in _ITEM.finditer(usage))


def _usages(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(path, usage) of the group for us: the one that names us, else the one for all."""
    groups: dict[str, list[tuple[str, str]]] = {}
    agents: list[str] = []
    naming = False
    for line in lines:
        name, _, value = line.partition("#")[0].partition(":")
        key, value = name.strip().lower(), value.strip()
        if key == "user-agent":
            agents = [*agents, value.lower()] if naming else [value.lower()]
            naming = True
        elif key:
            naming = False
            if key == HEADER:
                path, _, usage = value.partition(" ") if value.startswith("/") else ("/", "", value)
                for agent in agents or ["*"]:
                    groups.setdefault(agent, []).append((path, words(usage)))
            else:
                for agent in agents:
                    groups.setdefault(agent, [])
    yield from groups.get(ROBOT.lower(), groups.get("*", []))


READER = AiPref()
