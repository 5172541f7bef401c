"""Noise and thresholds, by OpenDP's own constructors (https://docs.opendp.org), and by nothing of ours.

Groups that are known beforehand get discrete Laplace noise each, the empty ones too (Dwork, McSherry, Nissim, Smith
2006; sampled exactly, as Canonne, Kamath and Steinke 2020 describe): a vector whose L1 sensitivity is a statistic's
`reach`, so that scale = reach / epsilon. Groups that come from the data are named only where the noisy number reaches a
threshold that OpenDP finds for `delta`, or else it would tell of somebody that they are the only one there.

Which measurement was made, and that its privacy map does not say more than what is paid, is asked of OpenDP each time.
The library is large: it is loaded when a statistic is asked, and never by a process that only serves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openforyou.privacy.statistics.lists import PEOPLE_LEAST
from openforyou.privacy.statistics.types import Noised, Statistic

ALPHA = 0.05
"""In so many draws of one the noise is more than `within`."""
HARDLY_EVER = 1e-6
"""A group of fewer than `PEOPLE_LEAST` is shown in fewer than so many draws of one."""
THRESHOLD_MAX = 1_000_000_000


def noised(statistic: Statistic, counted: Mapping[str, int]) -> Noised:
    """One draw. `counted` are true numbers by group, already bounded; groups that the list does not know are left out.

    Asked twice, it draws twice: whoever calls it publishes what it gave, or shows it to nobody.
    """
    return _named_by_data(statistic, counted) if statistic.groups is None else _known(statistic, counted)


def _known(statistic: Statistic, counted: Mapping[str, int]) -> Noised:
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_laplace
    from opendp.metrics import l1_distance

    assert statistic.groups is not None
    _enable()
    measure: Any = make_laplace(vector_domain(atom_domain(T="i64")), l1_distance(T="i64"), scale=float(statistic.scale))
    assert measure.map(statistic.reach) <= float(statistic.epsilon), "the noise costs more than what is paid"
    names = list(statistic.groups)
    drawn = dict(zip(names, measure([counted.get(name, 0) for name in names]), strict=True))
    least = _least(statistic)
    shown = {name: int(value) for name, value in drawn.items() if value >= least}
    return Noised(shown, tuple(name for name in names if name not in shown), least, _furthest(statistic, ALPHA))


def _named_by_data(statistic: Statistic, counted: Mapping[str, int]) -> Noised:
    from opendp.domains import atom_domain, map_domain
    from opendp.measurements import make_laplace_threshold
    from opendp.metrics import absolute_distance, l01inf_distance
    from opendp.mod import binary_search

    _enable()
    space = (
        map_domain(atom_domain(T="String"), atom_domain(T="i64")),
        l01inf_distance(absolute_distance(T="i64")),
    )
    one_person = (statistic.groups_each, statistic.reach, statistic.most_each)
    scale, paid = float(statistic.scale), float(statistic.delta)

    def measuring(threshold: int) -> Any:
        return make_laplace_threshold(*space, scale=scale, threshold=threshold)

    def is_paid(threshold: int) -> bool:
        return bool(measuring(threshold).map(one_person)[1] <= paid)

    least = _least(statistic)
    if not is_paid(least):
        least = int(binary_search(lambda at: is_paid(int(at)), T=int, bounds=(least, THRESHOLD_MAX)))
    measure = measuring(least)
    epsilon, delta = measure.map(one_person)
    assert epsilon <= float(statistic.epsilon), "the noise costs more than what is paid"
    assert delta <= paid, "the threshold costs more than what is paid"
    drawn = measure(dict(counted))
    return Noised({name: int(drawn[name]) for name in sorted(drawn)}, (), least, _furthest(statistic, ALPHA))


def _least(statistic: Statistic) -> int:
    """From where a group is shown: so many people, and as much noise as almost never comes."""
    return PEOPLE_LEAST * statistic.most_each + _furthest(statistic, HARDLY_EVER)


def _furthest(statistic: Statistic, alpha: float) -> int:
    """How far noise goes, either way, but for `alpha` of all draws."""
    from opendp.accuracy import discrete_laplacian_scale_to_accuracy

    return int(discrete_laplacian_scale_to_accuracy(float(statistic.scale), alpha))


def _enable() -> None:
    """OpenDP asks whoever uses constructors whose proofs await their last review to say that they know."""
    from opendp.mod import enable_features

    enable_features("contrib")
