"""The chunked loss is the plain one, and drawn items stand for those that were not."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from openforyou.learn import softmax
from openforyou.learn.softmax import softmax_loss


def made(positions: int, items: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    queries = (torch.randn(positions, 16, generator=generator)).requires_grad_()
    vectors = torch.randn(items, 16, generator=generator).requires_grad_()
    return queries, vectors, torch.randint(items, (positions,), generator=generator)


@pytest.mark.parametrize("positions", [1, 700])
def test_loss_and_gradients_are_those_of_the_plain_form(positions: int) -> None:
    queries, items, target = made(positions, softmax.CHUNK_CELLS // 300)  # 700 positions take three chunks
    softmax_loss(queries, items, target, None, torch.float32).backward()
    plain_queries, plain_items = queries.detach().requires_grad_(), items.detach().requires_grad_()
    plain = functional.cross_entropy(plain_queries @ plain_items.t(), target)
    plain.backward()
    assert softmax_loss(queries, items, target, None, torch.float32).item() == pytest.approx(plain.item(), rel=1e-5)
    torch.testing.assert_close(queries.grad, plain_queries.grad, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(items.grad, plain_items.grad, rtol=1e-3, atol=1e-6)


def test_bfloat16_is_near() -> None:
    queries, items, target = made(300, 500)
    exact = softmax_loss(queries, items, target, None, torch.float32).item()
    assert softmax_loss(queries, items, target, None, torch.bfloat16).item() == pytest.approx(exact, rel=0.02)


def test_an_item_that_stands_for_three_counts_as_three() -> None:
    queries, items, target = made(5, 4)
    weights = torch.tensor([0.0, 0.0, math.log(3), 0.0])
    thrice = torch.cat([items, items[2:3], items[2:3]]).detach()
    target = target.clamp_max(1)
    told = softmax_loss(queries, items, target, weights, torch.float32).item()
    assert told == pytest.approx(functional.cross_entropy(queries @ thrice.t(), target).item(), rel=1e-5)


def test_nothing_to_predict_costs_nothing() -> None:
    queries, items, target = made(1, 4)
    assert softmax_loss(queries[:0], items, target[:0], None, torch.float32).item() == 0
