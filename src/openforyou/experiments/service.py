"""Off-policy evaluation as it is asked for: of logs in a folder, and of this platform's own slates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from openforyou.events.types import EventType
from openforyou.experiments import store
from openforyou.experiments.bandit import Campaign
from openforyou.experiments.errors import NothingDrawn
from openforyou.experiments.rules import (
    cell_means,
    doubly_robust,
    frequencies,
    ips,
    sameness,
    snips,
    suspects,
    weights_of,
)
from openforyou.storage.database import Database

REWARDS = {
    "view": (EventType.VIEW, EventType.COMPLETE),
    "complete": (EventType.COMPLETE,),
    "like": (EventType.LIKE,),
    "share": (EventType.SHARE,),
}
SETTLES = timedelta(minutes=10)
"""A slate is asked about only when its viewer had this long to answer."""


def compared(campaign: Campaign) -> list[dict[str, Any]]:
    """Each policy's reward from each other policy's log, beside what it earned itself.

    A policy's chances are how often it chose what, by position, in its own log.
    """
    told: list[dict[str, Any]] = []
    for name, own in campaign.logs.items():
        target = frequencies(own, campaign.shape)
        earned = ips(own.rewards * 0 + 1, own.rewards, own.groups)
        for logged_by, log in campaign.logs.items():
            if logged_by == name:
                continue
            weights = weights_of(log, target)
            estimates = {
                "ips": ips(weights, log.rewards, log.groups),
                "snips": snips(weights, log.rewards, log.groups),
                "dr": doubly_robust(weights, log, target, cell_means(log, campaign.shape)),
            }
            told.append(
                {
                    "policy": name,
                    "logged_by": logged_by,
                    "rows": len(log),
                    "own": earned.as_dict(),
                    **{method: estimate.as_dict() for method, estimate in estimates.items()},
                    **sameness(weights, log.groups).as_dict(),
                    "suspect_actions": suspects(log, campaign.shape[1]),
                }
            )
    return told


def explored(database: Database, since: datetime, now: datetime, reward: str) -> dict[str, Any]:
    """What the clips that slates drew by lot earned a showing: as they were drawn, and had each been as likely.

    Raises `NothingDrawn`. A record holds the chance of what was drawn and not what else might have been, so an even lot
    is known up to a factor alone, which SNIPS does not need; IPS and DR would.
    """
    with database.connect() as connection:
        rows = store.served(connection, since, now - SETTLES, [kind.value for kind in REWARDS[reward]])
    drawn = rows[rows["propensity"] < 1]
    if not len(drawn):
        raise NothingDrawn(
            "No slate of that time holds a clip that was chosen by lot.",
            hint="Wait until the feed has served some, or look further back with --days.",
        )
    certain = rows[rows["propensity"] >= 1]
    rewards, groups = drawn["did"].astype(float), drawn["viewer"]
    even = 1 / drawn["propensity"]
    told: dict[str, Any] = {
        "reward": reward,
        "since": since.isoformat(),
        "viewers": len(set(groups.tolist())),
        "drawn": len(drawn),
        "as_drawn": snips(even * 0 + 1, rewards, groups).as_dict(),
        "even": snips(even, rewards, groups).as_dict(),
        "effective_rows": round(sameness(even, groups).effective_rows, 1),
    }
    if len(certain):
        told["certain"] = snips(certain["did"] * 0.0 + 1, certain["did"].astype(float), certain["viewer"]).as_dict()
    return told
