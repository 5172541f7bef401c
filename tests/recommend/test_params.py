"""Every weight is declared once, within bounds, and published."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path

import pytest

from openforyou.core.errors import BadInput
from openforyou.learn.odds import PRIOR_ROWS
from openforyou.recommend.params import Weights, params, ranking_page

PAGE = Path(__file__).parents[2] / "docs" / "ranking.md"


def test_the_published_page_is_the_table() -> None:
    assert PAGE.read_text() == ranking_page(), "run: make docs"


def test_every_weight_has_unit_range_and_reason() -> None:
    table = list(params())
    assert [param.name for param in table] == [field.name for field in fields(Weights)]
    for param in table:
        assert param.unit, param.name
        assert param.why, param.name
        assert param.low < param.high, param.name
        assert param.low <= param.default <= param.high, param.name


@pytest.mark.parametrize("value", [-1, 0.51, math.nan, math.inf])
def test_a_weight_out_of_its_range_is_named(value: float) -> None:
    with pytest.raises(BadInput, match="explore_share") as error:
        Weights(explore_share=value)
    assert error.value.field == "explore_share"


def test_a_trained_model_is_held_against_counts_as_the_feed_weighs_them() -> None:
    assert Weights().chance_weight == PRIOR_ROWS


def test_the_digest_tells_weights_apart() -> None:
    assert Weights().digest() == Weights().digest()
    assert Weights().digest() != Weights(diversity=0.4).digest()
