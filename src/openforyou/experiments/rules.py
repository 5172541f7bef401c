"""Off-policy estimators, pure: what a policy would have earned where another one has chosen.

Each row weighs w = chance under the evaluated policy / chance under the logging one, its *propensity*.

    IPS    mean of w · reward                                             unbiased, wide
    SNIPS  Σ w · reward / Σ w                                             a little bias, narrower (Swaminathan 2015)
    DR     mean of Σ_a π(a) q(a) + w · (reward - q(action))               unbiased if w or q is right (Dudík 2011)

Intervals are normal ones, from how much each *group* of rows (a viewer) moves the estimate, so that what one viewer did
counts as one word. What checks the propensities: under true ones each action's rows weigh up to 1, mean of
1{action} / propensity, whatever the rewards are.
"""

from __future__ import annotations

import numpy as np

from openforyou.experiments.types import Choices, Estimate, Reals, Sameness, Whole

Z = 1.96
SUSPECT_Z = 4.0
"""Standard errors from 1 beyond which an action's propensities are doubted: one in 16,000 by chance."""
JUDGED_ROWS_MIN, JUDGED_SHARE_MAX = 20, 0.2
"""An action is judged by so many rows or more, none of which weighs more than that share: else chance has no name."""
FOLDS = 5
PRIOR_ROWS = 100.0
"""A cell's mean begins at the overall one, which weighs as much as so many rows."""


def ips(weights: Reals, rewards: Reals, groups: Whole) -> Estimate:
    """(R,) each. Inverse propensity scoring."""
    return _around(weights * rewards, groups)


def snips(weights: Reals, rewards: Reals, groups: Whole) -> Estimate:
    """(R,) each. Self-normalised: what weights all share does not matter."""
    value = float(weights @ rewards / weights.sum())
    moved = _around(weights * (rewards - value) / weights.mean(), groups)
    return Estimate(value, value + moved.low - moved.value, value + moved.high - moved.value)


def doubly_robust(weights: Reals, choices: Choices, target: Reals, predicted: Reals) -> Estimate:
    """`target` (C, A): the evaluated policy's chances in each context; `predicted` (R, A): rewards by a model that was
    not told the row (`cell_means`)."""
    rows = np.arange(len(choices))
    expected = (target[choices.contexts] * predicted).sum(axis=1)
    return _around(expected + weights * (choices.rewards - predicted[rows, choices.actions]), choices.groups)


def weights_of(choices: Choices, target: Reals) -> Reals:
    """(R,) how many rows each row stands for under `target` (C, A)."""
    weights: Reals = target[choices.contexts, choices.actions] / choices.propensities
    return weights


def frequencies(choices: Choices, shape: tuple[int, int]) -> Reals:
    """(C, A) how often each context's choices were which: the policy that logged, averaged over the log."""
    counts = np.zeros(shape)
    np.add.at(counts, (choices.contexts, choices.actions), 1)
    shares: Reals = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def cell_means(choices: Choices, shape: tuple[int, int]) -> Reals:
    """(R, A) mean reward of each action in the row's context, from the groups of the other folds, drawn to the mean."""
    fold = choices.groups % FOLDS
    predicted = np.empty((len(choices), shape[1]))
    for number in range(FOLDS):
        told, asked = fold != number, fold == number
        overall = float(choices.rewards[told].mean()) if told.any() else 0.0
        sums, counts = np.full(shape, overall * PRIOR_ROWS), np.full(shape, PRIOR_ROWS)
        np.add.at(sums, (choices.contexts[told], choices.actions[told]), choices.rewards[told])
        np.add.at(counts, (choices.contexts[told], choices.actions[told]), 1)
        predicted[asked] = (sums / counts)[choices.contexts[asked]]
    return predicted


def sameness(weights: Reals, groups: Whole) -> Sameness:
    """How much of the log speaks of the evaluated policy."""
    squares = float(weights @ weights)
    return Sameness(_around(weights, groups), float(weights.sum()) ** 2 / squares if squares else 0.0)


def suspects(choices: Choices, actions: int) -> list[int]:
    """Actions whose propensities cannot be true: their rows do not weigh up to 1, far beyond chance."""
    found: list[int] = []
    for action in range(actions):
        weighed = np.where(choices.actions == action, 1 / choices.propensities, 0.0)
        rows = np.count_nonzero(weighed)
        if rows < JUDGED_ROWS_MIN or weighed.max() > JUDGED_SHARE_MAX * weighed.sum():
            continue
        error = float(weighed.std() / len(weighed) ** 0.5)
        if abs(float(weighed.mean()) - 1) > SUSPECT_Z * error:
            found.append(action)
    return found


def _around(values: Reals, groups: Whole) -> Estimate:
    """The mean of rows (R,), and 1.96 standard errors to both sides, groups being independent and rows not."""
    mean = float(values.mean())
    moved = np.bincount(np.unique(groups, return_inverse=True)[1], weights=values - mean)
    error = float((moved @ moved) ** 0.5 / len(values))
    return Estimate(mean, mean - Z * error, mean + Z * error)
