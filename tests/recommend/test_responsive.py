"""The next slate knows what was just watched: the promise that the feed is built around."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.learn.serving import ACTIONS, Floats, History, ServingModel
from tests.recommend.world import LOOKS, MeanModel, World, ids_of, share


class IndifferentModel:
    """A trained model that learned nothing about looks: it must not hide what was just watched."""

    name = "indifferent"
    heads_share = 1.0

    def item_vectors(self, item_ids: np.ndarray, content: Floats) -> Floats:
        return np.random.default_rng(3).normal(size=(len(item_ids), 16)).astype(np.float32)

    def viewer_vector(self, history: History, vectors: Floats) -> Floats:
        return np.ones(16, dtype=np.float32)

    def action_probabilities(self, viewer: Floats, vectors: Floats) -> Floats:
        return np.full((len(vectors), len(ACTIONS)), 0.3, dtype=np.float32)


@pytest.mark.parametrize("model", [None, MeanModel(), IndifferentModel()], ids=["no model", "model", "indifferent"])
@pytest.mark.parametrize("look", [0, 7])
def test_three_clips_of_a_look_to_the_end_double_it_in_the_next_slate(
    world: World, model: ServingModel | None, look: int
) -> None:
    """Over several viewers: what a first slate holds is drawn by lot, so one alone may hold much of a look already."""
    world.models.model = model
    world.feed.refresh()
    viewers = range(100, 106)
    before = after = 0
    for viewer in viewers:
        first = ids_of(world.slate(viewer))
        for item in first:
            if world.look(item) != look:
                world.skips(viewer, item)
        for item in [one for one in world.of_look(look) if one not in first][:3]:
            world.watches(viewer, item)
        second = ids_of(world.slate(viewer))
        assert len(second) == 10
        assert share(world, second, look) <= 8, "nothing else is left to find out"
        assert len({world.look(item) for item in second}) >= 3
        before += share(world, first, look)
        after += share(world, second, look)
    assert after >= max(2 * before, 4 * len(viewers))


def test_what_is_skipped_goes_down(world: World) -> None:
    skipped = {0, 1, 2, 3}
    for look in skipped:
        for item in world.of_look(look)[:2]:
            world.skips(5, item)
    after = [item for _ in range(3) for item in ids_of(world.slate(5))]
    expected = len(after) * len(skipped) / LOOKS
    assert sum(world.look(item) in skipped for item in after) < 0.5 * expected


def test_an_old_love_yields_to_a_new_one(world: World) -> None:
    for item in world.of_look(1)[:5]:
        world.watches(5, item)
    assert share(world, ids_of(world.slate(5)), 1) >= 3
    for item in world.of_look(2)[:3]:
        world.watches(5, item)
    assert share(world, ids_of(world.slate(5)), 2) >= 3
