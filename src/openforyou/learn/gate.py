"""The gate before service: a model comes in when it is worse than neither what serves nor popularity, beyond chance.

All are asked the same question: each viewer's last wanted item in the newest data, which none of them trained on (the
one in service, trained earlier, may at best know of it). The verdict goes into the manifest whichever way it falls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openforyou.learn.errors import TooLittle
from openforyou.learn.evaluate import Metrics, Sought, gains, metrics, ranks
from openforyou.learn.fitted import Fitted
from openforyou.learn.rules import is_not_worse
from openforyou.learn.scorers import ModelScorer, popularity
from openforyou.learn.split import Split
from openforyou.learn.types import Dataset

JUDGED_VIEWERS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`beaten_by` is empty when the gate is open."""

    viewers: int
    candidate: Metrics
    popularity: Metrics
    serving: Metrics | None
    beaten_by: str

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {
            "viewers": self.viewers,
            "candidate": self.candidate,
            "popularity": self.popularity,
            "serving": self.serving,
            "passed": not self.beaten_by,
        }

    def __str__(self) -> str:
        """Why the gate is shut."""
        better = self.popularity if self.beaten_by == "popularity" else self.serving or self.popularity
        return (
            f"NDCG@10 {self.candidate['ndcg@10']:.3f} on {self.viewers} viewers, "
            f"worse than {self.beaten_by} with {better['ndcg@10']:.3f}"
        )


def judge(candidate: Fitted, serving: Fitted | None, dataset: Dataset, split: Split) -> Verdict:
    """Compare on the validation items of `split`. Raises `TooLittle` when there is nobody to judge by."""
    sought = Sought.of(split.validation, at_most=JUDGED_VIEWERS_MAX)
    if not len(sought):
        raise TooLittle(
            "Nobody has watched two clips that they liked: there is nothing to judge a model by.",
            hint="Wait for more to be watched.",
        )
    found = ranks(dataset, sought, ModelScorer(candidate, dataset))
    plain = ranks(dataset, sought, popularity(dataset, split))
    standing = None if serving is None else ranks(dataset, sought, ModelScorer(serving, dataset))
    beaten_by = ""
    if standing is not None and not is_not_worse(gains(found), gains(standing)):
        beaten_by = "the model in service"
    if not is_not_worse(gains(found), gains(plain)):
        beaten_by = "popularity"
    return Verdict(
        viewers=len(sought),
        candidate=metrics(found),
        popularity=metrics(plain),
        serving=None if standing is None else metrics(standing),
        beaten_by=beaten_by,
    )
