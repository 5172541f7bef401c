"""The network's promises: no look ahead, candidates blind to each other, the short way gives the same."""

from __future__ import annotations

import numpy as np
import torch

from openforyou.learn.batches import plan, training_batch
from openforyou.learn.sequence import GAPS, Inputs, Network, Shape, gap_buckets
from openforyou.learn.serving import ACTIONS
from openforyou.learn.split import leave_out
from tests.learn.worlds import dataset_of, looks, markov

SHAPE = Shape(
    items=20,
    content_dim=6,
    width=16,
    blocks=2,
    heads=2,
    length=12,
    dropout=0.2,
    id_dropout=0.1,
    temperature=0.05,
)


def network() -> Network:
    torch.manual_seed(0)
    return Network(SHAPE).eval()


def inputs(rows: int, length: int) -> Inputs:
    generator = torch.Generator().manual_seed(1)
    return Inputs(
        items=torch.randint(20, (rows, length), generator=generator),
        did=torch.randint(64, (rows, length), generator=generator),
        watched=torch.rand(rows, length, generator=generator),
        gaps=torch.randint(GAPS, (rows, length), generator=generator),
    )


def test_what_comes_later_changes_nothing_before() -> None:
    net, given = network(), inputs(3, 10)
    vectors = net.item_vectors(torch.arange(20), torch.randn(20, 6))
    other = inputs(3, 10)
    later = Inputs(
        *(torch.cat([a[:, :6], b.flip(0)[:, 6:]], 1) for a, b in zip(_fields(given), _fields(other), strict=True))
    )
    before, after = net.encode(vectors, given), net.encode(vectors, later)
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_the_last_state_alone_is_the_last_of_all() -> None:
    net, given = network(), inputs(2, 9)
    vectors = net.item_vectors(torch.arange(20), torch.randn(20, 6))
    torch.testing.assert_close(net.encode(vectors, given, last_only=True), net.encode(vectors, given)[:, -1:])


def test_everything_that_the_network_is_told_matters() -> None:
    net, given = network(), inputs(1, 5)
    vectors = net.item_vectors(torch.arange(20), torch.randn(20, 6))
    state = net.encode(vectors, given)
    for name in ("items", "did", "watched", "gaps"):
        changed = getattr(given, name).clone()
        changed[0, 2] = 7 if changed[0, 2] != 7 else 8
        told = Inputs(**{field: getattr(given, field) for field in Inputs.__dataclass_fields__} | {name: changed})
        assert not torch.allclose(net.encode(vectors, told)[0, -1], state[0, -1]), name


def test_a_candidate_is_scored_alike_whoever_stands_beside_it() -> None:
    net = network()
    vectors = net.item_vectors(torch.arange(20), torch.randn(20, 6))
    viewer = net.encode(vectors, inputs(1, 5))[0, -1]
    together = net.actions(viewer, vectors)
    assert together.shape == (20, len(ACTIONS))
    torch.testing.assert_close(net.actions(viewer, vectors[7:8]), together[7:8])


def test_items_have_unit_length_and_one_that_is_not_known_at_all_is_nowhere() -> None:
    net = network()
    rows = torch.tensor([3, net.nobody, net.nobody])
    content = torch.randn(3, 6)
    content[2] = 0
    length = net.item_vectors(rows, content).norm(dim=1)
    torch.testing.assert_close(length, torch.tensor([1.0, 1.0, 0.0]))


def test_gaps_grow_by_doubling_and_end() -> None:
    told = gap_buckets(torch.tensor([-5.0, 0.0, 1.0, 3.0, 7.0, 1e12]))
    assert told.tolist() == [0, 0, 1, 2, 3, GAPS - 1]


def test_a_plan_holds_every_viewer_once_and_no_batch_is_too_large() -> None:
    data = dataset_of([list(range(n)) for n in range(1, 60)])
    split = leave_out(data, 1)
    batches = plan(split, data.sequences.starts, 30, 200, np.random.default_rng(0))
    viewers = np.concatenate(batches)
    assert len(viewers) == len(np.unique(viewers)) == 57, "one and two items leave nothing to go in and come out"
    inputs = [training_batch(data, split, some, 30, np.random.default_rng(0)).inputs for some in batches]
    assert max(one.items.numel() for one in inputs) <= 200
    cells = sum(one.items.numel() for one in inputs)
    assert cells < 1.3 * sum(min(n - 2, 30) for n in range(3, 60)), "little is padding"


def test_a_batch_asks_for_what_came_next() -> None:
    data, _ = looks()
    split = leave_out(data, 1)
    viewers = np.array([0, 5])
    batch = training_batch(data, split, viewers, 30, np.random.default_rng(0))
    flat_inputs = batch.inputs.items.flatten()[batch.position]
    at = 0
    for viewer in viewers:
        rows = data.sequences.items[data.sequences.starts[viewer] : split.train_end[viewer]]
        part = slice(at, at + len(rows) - 1)
        assert flat_inputs[part].tolist() == rows[:-1].tolist()
        assert batch.target[part].tolist() == rows[1:].tolist()
        at = part.stop
    assert at == len(batch.target)
    skip, like = ACTIONS.index("skip"), ACTIONS.index("like")
    assert torch.equal(batch.wanted, batch.labels[:, like] > 0)
    assert torch.equal(batch.wanted, batch.labels[:, skip] == 0)


def test_a_long_history_gives_other_windows_at_other_times() -> None:
    data = markov(length=40)
    split = leave_out(data, 1)
    first = [
        training_batch(data, split, np.array([0]), 8, np.random.default_rng(seed)).inputs.items[0, 0].item()
        for seed in range(20)
    ]
    assert len(set(first)) > 5


def _fields(given: Inputs) -> list[torch.Tensor]:
    return [given.items, given.did, given.watched, given.gaps]
