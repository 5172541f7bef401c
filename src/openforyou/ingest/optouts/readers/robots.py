"""robots.txt, and what pages say to robots: whether we may come at all, and `noai`.

Read as Python's `urllib.robotparser` reads it, for our user agent (RFC 9309). A file that is there and cannot be had
(status 5xx, 401, 403) allows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.robotparser import RobotFileParser

from openforyou.ingest.optouts.metas import read_head
from openforyou.ingest.optouts.readers import PAGE, Simple
from openforyou.ingest.optouts.rules import words
from openforyou.ingest.optouts.types import Found, Says
from openforyou.outside.fetcher import ROBOT
from openforyou.outside.types import Answer

FILE = "/robots.txt"
NO_AI = frozenset({"noai", "noimageai", "noml"})


class Robots(Simple):
    """`Disallow`, and `noai` in the page."""

    name = "robots"
    places = (FILE, PAGE)

    def read(self, place: str, answer: Answer, url: str) -> Sequence[Found]:
        if place == FILE:
            return self._of_file(answer, url)
        told = [*answer.headers.get_list("x-robots-tag"), *read_head(answer).named("robots")]
        told += read_head(answer).named(ROBOT.lower())
        asked = [part for line in told for part in line.lower().replace(":", ",").split(",")]
        return [Found(self.name, Says.FORBIDDEN, one.strip()) for one in asked if one.strip() in NO_AI]

    def _of_file(self, answer: Answer, url: str) -> list[Found]:
        if answer.status in (401, 403) or answer.status >= 500:
            return [Found(self.name, Says.FORBIDDEN, f"robots.txt answers with status {answer.status}")]
        if not answer.ok:
            return []
        parser = RobotFileParser()
        lines = answer.body.decode("utf-8", "replace").lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()
        parser.parse(lines)
        if parser.can_fetch(ROBOT, url):
            return []
        disallowed = [line for line in lines if line.strip().lower().startswith("disallow")]
        return [Found(self.name, Says.FORBIDDEN, words(f"{ROBOT} may not come: {'; '.join(disallowed)}"))]


READER = Robots()
