"""Estimates against a truth that is known, because the worlds are made here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

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
from openforyou.experiments.types import Choices, Estimate, Reals

CONTEXTS, ACTIONS = 3, 6
RUNS = 200
LOGGED = np.array([[8, 5, 3, 2, 1, 1], [1, 2, 4, 4, 6, 3], [3, 3, 3, 3, 4, 4]]) / 20.0
WORTH = np.array([[0.1, 0.2, 0.3, 0.4, 0.6, 0.5], [0.7, 0.5, 0.3, 0.2, 0.1, 0.1], [0.2, 0.2, 0.5, 0.4, 0.3, 0.3]])
EVALUATED = np.array([[1, 1, 2, 4, 6, 6], [8, 6, 3, 1, 1, 1], [2, 2, 6, 6, 2, 2]]) / 20.0
TRUTH = float((EVALUATED * WORTH).sum(axis=1).mean())
"""Contexts come equally often."""


def logged(seed: int, rows: int = 1_500) -> Choices:
    """Choices by LOGGED, rewarded as WORTH says."""
    rng = np.random.default_rng(seed)
    contexts = rng.integers(0, CONTEXTS, rows)
    actions = (rng.random(rows)[:, None] > np.cumsum(LOGGED, axis=1)[contexts]).sum(axis=1)
    rewards = (rng.random(rows) < WORTH[contexts, actions]).astype(float)
    return Choices(actions, contexts, LOGGED[contexts, actions], rewards, np.arange(rows))


def estimates(choices: Choices, target: Reals = EVALUATED) -> dict[str, Estimate]:
    weights = weights_of(choices, target)
    return {
        "ips": ips(weights, choices.rewards, choices.groups),
        "snips": snips(weights, choices.rewards, choices.groups),
        "dr": doubly_robust(weights, choices, target, cell_means(choices, (CONTEXTS, ACTIONS))),
    }


@pytest.mark.parametrize("method", ["ips", "snips", "dr"])
def test_the_interval_covers_the_truth_as_often_as_it_says(method: str) -> None:
    found = [estimates(logged(seed))[method] for seed in range(RUNS)]
    covered = np.mean([one.low <= TRUTH <= one.high for one in found])
    assert 0.90 <= covered <= 0.99, "95 % of them should"
    assert np.mean([one.value for one in found]) == pytest.approx(TRUTH, abs=0.01)
    plain = np.mean([logged(seed).rewards.mean() for seed in range(20)])
    assert abs(plain - TRUTH) > 0.05, "what was logged earned something else, or nothing would be shown here"


def test_a_model_of_the_rewards_makes_the_interval_narrower() -> None:
    choices = logged(0)
    width = {name: one.high - one.low for name, one in estimates(choices).items()}
    assert width["dr"] < 0.95 * width["ips"]


def test_doubly_robust_needs_only_one_of_the_two_to_be_right() -> None:
    choices = logged(1, 40_000)
    wrong_model = np.full((len(choices), ACTIONS), 0.9)
    weights = weights_of(choices, EVALUATED)
    assert doubly_robust(weights, choices, EVALUATED, wrong_model).value == pytest.approx(TRUTH, abs=0.02)
    misweighed = weights * np.where(choices.actions == 1, 3.0, 1.0)
    right_model = WORTH[choices.contexts]
    assert doubly_robust(misweighed, choices, EVALUATED, right_model).value == pytest.approx(TRUTH, abs=0.02)
    assert abs(ips(misweighed, choices.rewards, choices.groups).value - TRUTH) > 0.03


def test_a_planted_wrong_propensity_is_seen_and_true_ones_are_not_doubted() -> None:
    doubted = [suspects(logged(seed), ACTIONS) for seed in range(RUNS)]
    assert sum(map(bool, doubted)) <= 2
    for seed in range(20):
        true = logged(seed)
        planted = np.where(true.actions == 2, np.minimum(true.propensities * 2, 1), true.propensities)
        assert suspects(replace(true, propensities=planted), ACTIONS) == [2]
    halved = replace(logged(0), propensities=logged(0).propensities / 2)
    assert set(suspects(halved, ACTIONS)) == set(range(ACTIONS))
    weight = sameness(weights_of(halved, EVALUATED), halved.groups).mean_weight
    assert not weight.low <= 1 <= weight.high
    weight = sameness(weights_of(logged(0), EVALUATED), logged(0).groups).mean_weight
    assert weight.low <= 1 <= weight.high


def test_a_policy_that_is_the_logging_one_needs_no_weighing() -> None:
    choices = logged(2)
    found = estimates(choices, LOGGED)
    assert found["ips"].value == pytest.approx(choices.rewards.mean())
    assert sameness(weights_of(choices, LOGGED), choices.groups).effective_rows == pytest.approx(len(choices))
    assert frequencies(logged(3, 200_000), (CONTEXTS, ACTIONS)) == pytest.approx(LOGGED, abs=0.01)


def test_what_one_viewer_did_is_one_word() -> None:
    choices = logged(4, 400)
    thrice = Choices(*(np.repeat(getattr(choices, name), 3) for name in Choices.__dataclass_fields__))
    once, again = estimates(choices)["snips"], estimates(thrice)["snips"]
    assert (again.value, again.low, again.high) == pytest.approx((once.value, once.low, once.high))
    apart = replace(thrice, groups=np.arange(len(thrice)))
    assert estimates(apart)["snips"].low > again.low, "as if they were strangers, it would look surer than it is"


def test_rewards_are_predicted_without_the_row_itself() -> None:
    choices = logged(5, 300)
    other = replace(choices, rewards=np.where(choices.groups % 5 == 0, 1 - choices.rewards, choices.rewards))
    before, after = (cell_means(one, (CONTEXTS, ACTIONS)) for one in (choices, other))
    own = choices.groups % 5 == 0
    assert before[own] == pytest.approx(after[own])
    assert not np.allclose(before[~own], after[~own])
