"""`bench forget` runs whole on a small platform; its attack tells known viewers from others, and noise from nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import torch

from openforyou.bench.forget.attack import auc, power
from openforyou.bench.forget.benchmark import Load, quick, run
from openforyou.bench.forget.forgotten import attacked, drawn
from openforyou.bench.forget.shards import sharded
from openforyou.core.progress import silent
from openforyou.learn.forgetting.price import price
from tests.learn.worlds import QUICK, markov

FEW = replace(QUICK, epochs=3)


def test_the_figures_stand_under_their_names() -> None:
    report = run(quick(Load(forget_hours=0.01, rate=20))).as_dict()
    assert json.loads(json.dumps(report)) == report
    metrics, detail = report["metrics"], report["detail"]
    assert {"feed_s", "model_s", "attack_auc_forgotten", "attack_auc_unseen", "attack_auc_before"} <= set(metrics)
    assert detail["slates_with_it_before"]["min"] > 1, "it stood in slates before it was withdrawn"
    assert 0 < metrics["feed_s"] < metrics["model_s"]
    assert metrics["model_s"] == max(detail["served_after_s"], detail["destroyed_after_s"])
    assert detail["stale_after_s"] <= detail["destroyed_after_s"]


def test_an_attack_is_as_strong_as_what_it_can_tell() -> None:
    rng = np.random.default_rng(0)
    assert auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1
    assert auc(np.array([1.0, 1.0]), np.array([1.0])) == 0.5
    nothing = power(rng.normal(size=60), rng.normal(size=60), 0)
    assert nothing.low < 0.5 < nothing.high
    assert power(rng.normal(1, 1, 60), rng.normal(0, 1, 60), 0).low > 0.5


def test_the_old_model_tells_whom_it_learned_from_and_the_new_one_does_not() -> None:
    data = markov(viewers=260)
    groups = drawn(data, 0.2, 1)
    assert len(np.unique(np.concatenate([groups.forgotten, groups.unseen, groups.others, groups.rest]))) == 260
    threads = torch.get_num_threads()
    torch.set_num_threads(2)  # Another number sums in another order, and other weights are another draw of chance.
    try:
        told = attacked(data, FEW, 0.2, 1, silent)
    finally:
        torch.set_num_threads(threads)
    assert told.viewers == 52
    assert told.before.auc > max(told.forgotten.auc, 0.6), "an attack without teeth shows nothing"
    assert told.forgotten.low < 0.5 < told.forgotten.high
    assert told.forgotten.auc < told.before.low


def test_the_door_and_the_shards_have_a_price() -> None:
    data = markov(viewers=120)
    told = price(data, FEW, 0.5, 0).as_dict()
    assert told["rows"]["with"] < 0.6 * told["rows"]["without"]
    groups = told["ndcg@10"]
    assert sum(figures["viewers"] for name, figures in groups.items() if name != "all") == groups["all"]["viewers"]
    assert groups["item forbids"]["with"] < groups["item forbids"]["without"]
    apart = sharded(data, FEW, 3, 0, silent)
    assert apart.shard_s < apart.whole_s
