"""The loss over drawn items stands for the loss over all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from openforyou.learn.batches import Batch, training_batch
from openforyou.learn.objective import loss_of
from openforyou.learn.sequence import Network
from openforyou.learn.split import leave_out
from openforyou.learn.train import Job, fit
from tests.learn.test_train import ndcg
from tests.learn.worlds import looks, markov, quick


@pytest.fixture
def scene() -> tuple[Network, torch.Tensor, Batch]:
    data, _ = looks(viewers=6)
    torch.manual_seed(0)
    network = Network(quick(dropout=0.0, id_dropout=0.0).shape(data))
    batch = training_batch(data, leave_out(data, 1), np.arange(6), 30, np.random.default_rng(0))
    return network, torch.from_numpy(data.content.copy()), batch


def test_with_every_item_drawn_it_is_the_whole_loss(scene: tuple[Network, torch.Tensor, Batch]) -> None:
    whole = loss_of(*scene, quick(), torch.float32)
    drawn = loss_of(*scene, quick(whole_softmax_items=1, negatives=5_000), torch.float32)
    assert drawn.item() == pytest.approx(whole.item(), rel=1e-5)


def test_with_few_drawn_it_is_near_and_neither_above_nor_below(scene: tuple[Network, torch.Tensor, Batch]) -> None:
    whole = loss_of(*scene, quick(), torch.float32).item()
    few = quick(whole_softmax_items=1, negatives=20)
    losses = np.array([loss_of(*scene, few, torch.float32).item() for _ in range(60)])
    assert losses.std() > 0
    assert losses.mean() == pytest.approx(whole, abs=4 * losses.std() / 60**0.5 + 0.02)


def test_a_model_learns_from_drawn_items_too() -> None:
    data = markov()
    settings = quick(epochs=6, whole_softmax_items=1, negatives=40)
    trained = fit(Job(data, leave_out(data, 2), settings))
    assert ndcg(data, replace(trained, fitted=replace(trained.fitted, counts_weight=0.0))) > 0.5


def test_without_actions_to_tell_apart_the_heads_cost_nothing(scene: tuple[Network, torch.Tensor, Batch]) -> None:
    network, content, batch = scene
    loss_of(network, content, batch, quick(heads_weight=0.0), torch.float32).backward()
    assert network.heads.out.weight.grad is None
    loss_of(network, content, batch, quick(heads_weight=1.0), torch.float32).backward()
    assert network.heads.out.weight.grad is not None
