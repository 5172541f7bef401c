"""What published rules come to over a shelf, and what their stages make of candidates."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.moderation.types import Policy, PolicyKind, Scope, ScopeKind
from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query
from openforyou.recommend.rerankers.cross_post_limit import CrossPostLimit
from openforyou.recommend.scorers.factor import Factor
from openforyou.recommend.snapshot.ruling import Ruling, ruled
from tests.recommend.shelves import index_of, query_of, recall_of, rule, shelf_of

SHELF = shelf_of(40)
VIEWS = np.arange(40) * 10
ITEM_5, ITEM_8 = Scope(ScopeKind.ITEM, 1005), Scope(ScopeKind.ITEM, 1008)
CREATOR_12 = Scope(ScopeKind.CREATOR, 12)


def ruling(*policies: Policy) -> Ruling:
    return ruled(policies, SHELF, VIEWS)


def capped(*policies: Policy) -> list[int]:
    return np.flatnonzero(ruling(*policies).capped).tolist()


def test_without_rules_nothing_is_capped_or_moved() -> None:
    nothing = ruling()
    assert not nothing.capped.any()
    assert (nothing.factor == 1).all()
    assert nothing.cross_post_limit is None


def test_a_cap_holds_back_what_has_as_many_views_and_not_what_has_one_less() -> None:
    assert capped(rule(1, PolicyKind.CAP, ITEM_5, limit=50)) == [5]
    assert capped(rule(1, PolicyKind.CAP, ITEM_5, limit=51)) == []


def test_a_cap_reaches_a_creators_items_or_all_cross_posts_and_no_others() -> None:
    assert capped(rule(1, PolicyKind.CAP, CREATOR_12, limit=160)) == [16, 23, 30, 37]
    assert capped(rule(1, PolicyKind.CAP, limit=200)) == [20, 24, 28, 32, 36]
    assert capped(rule(1, PolicyKind.CAP, Scope(ScopeKind.ITEM, 5), limit=0)) == [], "an item that is not on the shelf"
    assert capped(rule(1, PolicyKind.CAP, Scope(ScopeKind.CREATOR, 99), limit=0)) == []


def test_of_several_caps_the_tightest_holds_and_is_named() -> None:
    wide = rule(1, PolicyKind.CAP, limit=1_000)
    tight = rule(2, PolicyKind.CAP, ITEM_8, limit=80)
    for order in ((wide, tight), (tight, wide)):
        made = ruling(*order)
        assert np.flatnonzero(made.capped).tolist() == [8]
        assert made.policies[made.capped_by[8]] is tight


def test_a_limit_of_no_cross_posts_is_a_cap_on_all_of_them() -> None:
    made = ruling(rule(1, PolicyKind.CROSS_POST_LIMIT, limit=0))
    assert np.flatnonzero(made.capped).tolist() == list(range(0, 40, 4))
    assert made.cross_post_limit is None


def test_the_tightest_limit_of_cross_posts_holds() -> None:
    limits = [rule(number, PolicyKind.CROSS_POST_LIMIT, limit=limit) for number, limit in ((1, 3), (2, 2), (3, 4))]
    assert ruling(*limits).cross_post_limit is limits[1]


def test_factors_multiply_and_are_told_by_item() -> None:
    boost = rule(1, PolicyKind.BOOST, CREATOR_12, factor=2)
    demote = rule(2, PolicyKind.DEMOTE, Scope(ScopeKind.ITEM, 1016), factor=0.5)
    again = rule(3, PolicyKind.BOOST, factor=1.5)
    made = ruling(boost, demote, again)
    assert made.factor[[2, 16, 4, 1]].tolist() == [2, 1.5, 1.5, 1]
    assert made.factors_on(1016, 12, cross_post=True) == (demote, boost, again)
    assert made.factors_on(1002, 12, cross_post=False) == (boost,)
    assert made.factors_on(1001, 11, cross_post=False) == ()


def test_a_freeze_moves_nothing() -> None:
    made = ruling(rule(1, PolicyKind.FREEZE, ITEM_5))
    assert not made.capped.any()
    assert (made.factor == 1).all()


# The stages


def under(*policies: Policy, size: int = 5) -> Query:
    return query_of(index_of(40, policies=policies), recall_of(), size=size)


def candidates(score: list[float], factor: list[float]) -> Candidates:
    at = np.arange(len(score))
    return Candidates.of(1000 + at, position=at, score=np.array(score), factor=np.array(factor, dtype=np.float32))


@pytest.mark.parametrize(
    ("score", "factor", "after"), [(2.0, 2, 4.0), (2.0, 0.5, 1.0), (-2.0, 2, -1.0), (-2.0, 0.5, -4.0), (0.0, 5, 0.0)]
)
def test_a_boost_never_lowers_and_a_demotion_never_lifts(score: float, factor: float, after: float) -> None:
    told = Factor()(under(), candidates([score, 1.0], [factor, 1.0]))
    assert told["score"].tolist() == [after, 1.0]


def test_places_before_and_after_are_noted_and_nothing_where_no_rule_acts() -> None:
    query = under()
    assert Factor()(query, candidates([3.0, 2.0, 1.0], [1, 1, 1])) == {}
    assert query.notes.swayed is None
    Factor()(query, candidates([3.0, 2.0, np.nan, 1.0], [1, 1, 5, 5]))
    swayed = query.notes.swayed
    assert swayed is not None
    assert swayed.before.tolist() == [0, 1, 3, 2]
    assert swayed.after.tolist() == [1, 2, 3, 0]
    assert swayed.factored.tolist() == [False, False, True, True]


def placed(query: Query, cross_post: str, size: int, *, sunk: int = 0) -> list[int]:
    """Positions after the limit, of candidates by falling score of which the last `sunk` have none."""
    score = np.arange(len(cross_post), 0, -1).astype(float)
    score[len(score) - sunk :] = -np.inf
    given = Candidates.of(
        1000 + np.arange(len(score)), score=score, cross_post=np.array([letter == "x" for letter in cross_post])
    )
    order = CrossPostLimit()(query, given, size)
    rest = [at for at in range(len(score)) if at not in order.positions]
    return [*order.positions.tolist(), *rest]


def test_cross_posts_beyond_the_limit_go_behind_the_rest_and_are_noted() -> None:
    query = under(rule(1, PolicyKind.CROSS_POST_LIMIT, limit=1), size=3)
    assert placed(query, "xx.x..x", 4) == [0, 2, 4, 5, 1, 3, 6]
    assert query.notes.displaced == [1001], "1003 stood in a spare place, and not in the slate"


def test_nothing_moves_within_the_limit_or_without_one() -> None:
    for query in (under(), under(rule(1, PolicyKind.CROSS_POST_LIMIT, limit=2))):
        assert placed(query, ".x.x.", 5) == [0, 1, 2, 3, 4]
        assert query.notes.displaced == []


def test_where_too_little_else_is_left_what_is_over_the_limit_still_stands_before_what_sank() -> None:
    query = under(rule(1, PolicyKind.CROSS_POST_LIMIT, limit=1), size=4)
    assert placed(query, "xxx...", 4, sunk=2) == [0, 3, 1, 2, 4, 5]
