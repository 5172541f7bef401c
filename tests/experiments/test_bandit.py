"""Logs in a folder: what is read, what is refused, and the real ones."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from openforyou.core.errors import BadInput
from openforyou.experiments.bandit import read
from openforyou.experiments.service import compared

HEAD = ",timestamp,item_id,position,click,propensity_score\n"


def log(folder: Path, policy: str, rows: str, campaign: str = "men", head: str = HEAD) -> None:
    (folder / policy).mkdir(exist_ok=True)
    (folder / policy / f"{campaign}.csv").write_text(head + rows)


def test_logs_are_read_by_policy_and_each_is_told_from_the_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    chances = {"even": np.array([0.5, 0.5]), "leaning": np.array([0.9, 0.1])}
    for policy, chance in chances.items():
        drawn = (rng.random(6_000) > chance[0]).astype(int)
        clicks = rng.random(6_000) < np.array([0.1, 0.4])[drawn]
        log(tmp_path, policy, "".join(f"0,t,{a},1,{int(c)},{chance[a]}\n" for a, c in zip(drawn, clicks, strict=True)))
    (tmp_path / "even" / "men_item_context.csv").write_text("item_id\n")
    campaign = read(tmp_path)
    assert (campaign.name, campaign.shape, set(campaign.logs)) == ("men", (1, 2), {"even", "leaning"})
    told = {(one["policy"], one["logged_by"]): one for one in compared(campaign)}
    for policy, logged_by, truth in (("even", "leaning", 0.25), ("leaning", "even", 0.13)):
        one = told[policy, logged_by]
        for method in ("own", "ips", "snips", "dr"):
            assert one[method]["low"] <= truth <= one[method]["high"]
        assert one["suspect_actions"] == []
    assert json.loads(json.dumps(list(told.values()))) == list(told.values())


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        ("0,t,1,1,0,0.0\n", HEAD, "line 2: item 1, position 1, propensity 0 cannot be"),
        ("0,t,1,0,0,0.5\n", HEAD, "line 2: item 1, position 0"),
        ("0,t,1,1,0,0.5\n0,t,1,1,x,0.5\n", HEAD, "line 3: holds no numbers"),
        ("", HEAD, "holds no choice"),
        ("1,2\n", "item_id,click\n", "line 1: has no column position, propensity_score"),
    ],
)
def test_what_cannot_be_a_log_is_named_with_file_and_line(tmp_path: Path, rows: str, head: str, said: str) -> None:
    log(tmp_path, "a", rows, head=head)
    log(tmp_path, "b", rows, head=head)
    with pytest.raises(BadInput, match=re.escape(said)) as caught:
        read(tmp_path)
    assert str(tmp_path / "a" / "men.csv") in caught.value.message


def test_a_folder_without_a_shared_campaign_or_with_several_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no folder"):
        read(tmp_path / "nowhere")
    log(tmp_path, "a", "0,t,1,1,0,0.5\n")
    with pytest.raises(BadInput, match="holds no campaign that two policies share"):
        read(tmp_path)
    log(tmp_path, "b", "0,t,1,1,0,0.5\n")
    for policy in ("a", "b"):
        log(tmp_path, policy, "0,t,0,1,0,0.5\n", campaign="women")
    with pytest.raises(BadInput, match="holds men, women") as caught:
        read(tmp_path)
    assert "--campaign" in caught.value.hint
    assert read(tmp_path, "women").shape == (1, 1)
    with pytest.raises(BadInput, match="no campaign 'children'"):
        read(tmp_path, "children")


def test_the_real_policies_tell_each_others_click_rate(real_data: Path) -> None:
    told = compared(read(real_data / "interactions" / "open-bandit"))
    assert {one["policy"] for one in told} == {"bts", "random"}
    for one in told:
        assert one["rows"] == 10_000
        assert one["suspect_actions"] == []
        for method in ("snips", "dr"):
            assert one[method]["low"] <= one["own"]["value"] <= one[method]["high"]
