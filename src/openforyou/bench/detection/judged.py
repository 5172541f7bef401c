"""Which alarms were about a planted episode, and how soon each episode had one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from openforyou.bench.detection.scenarios import Episode
from openforyou.privacy.access.types import Alarm

REQUESTS_MIN, SHARE_MIN = 2, 1 / 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one episode. `days`: from its first request to the first alarm; None: never found.

    `named`: the share of its staff whom alarms about it name.
    """

    episode: Episode
    days: float | None
    named: float
    alarms: int


def is_about(requests: Sequence[str], staff: Sequence[str], episode: Episode, planted: frozenset[str]) -> bool:
    """Whether a reviewer who looks into the alarm has the episode before them: it names somebody who is in it, at least
    two of its requests, and of all that it lists at least a third."""
    hits = len(planted & set(requests))
    return bool(episode.staff & set(staff)) and hits >= REQUESTS_MIN and hits >= SHARE_MIN * len(requests)


def outcomes(
    alarms: Sequence[Alarm],
    episodes: Sequence[Episode],
    planted: Mapping[str, frozenset[str]],
    begun: Mapping[str, datetime],
) -> tuple[list[Outcome], list[Alarm]]:
    """Of every episode; and the alarms that were about none."""
    true: set[str] = set()
    found = []
    for episode in episodes:
        ids = planted.get(episode.name, frozenset())
        about = [one for one in alarms if is_about(one.requests, one.staff, episode, ids)]
        true |= {one.id for one in about}
        named = episode.staff & {who for one in about for who in one.staff}
        days = (min(one.at for one in about) - begun[episode.name]).total_seconds() / 86_400 if about else None
        found.append(Outcome(episode, days, len(named) / len(episode.staff), len(about)))
    return found, [one for one in alarms if one.id not in true]
