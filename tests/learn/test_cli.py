"""The commands as a user meets them: exit codes, one line for an error, JSON for a program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from openforyou.app.platform import Platform
from openforyou.cli.evaluate import print_report
from openforyou.cli.main import main
from openforyou.core.clock import ManualClock
from openforyou.learn import weights
from openforyou.learn.evaluate import Ranking, intervals, metrics
from openforyou.learn.study import Report
from tests.learn.watched import FIRST_VIEWER, Watched
from tests.learn.worlds import markov, written

WAIT_S = 120


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process: importing torch once is enough."""

    def command(*arguments: str | Path) -> Said:
        monkeypatch.setattr(sys, "argv", ["openforyou", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        told = capsys.readouterr()
        return Said(int(left.value.code or 0), told.out, told.err)

    return command


@pytest.fixture(scope="module")
def interactions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("files") / "orders.txt", markov(viewers=80))


def test_a_file_is_trained_on_kept_and_scored(run: Run, interactions: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.pt"
    done = run(
        "train", "--interactions", interactions, "--out", out, "--epochs", "2", "--data", tmp_path / "data", "--json"
    )
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert (told["data"], told["preset"], told["out"]) == ("orders.txt", "tiny", str(out))
    assert told["metrics"]["ndcg@10"] > told["baselines"]["popularity"]["ndcg@10"]
    assert "80 viewers, 120 items, 1,120 rows" in done.err
    with out.open("rb") as file:
        assert len(weights.read(file, "model.pt").item_ids) == 120
    assert not list((tmp_path / "data").rglob("*.pt")), "no checkpoint is left"


def test_evaluate_prints_a_table_with_the_baselines(run: Run, interactions: Path) -> None:
    done = run("evaluate", interactions, "--epochs", "1", "--seed", "3")
    assert done.code == 0, done.err
    for word in ("model", "popularity", "markov", "sequence-knn", "NDCG@10", "HR@10", "leave-one-out", "seed 3"):
        assert word in done.out


def test_peers_that_cannot_be_trained_are_named_with_the_remedy_and_nothing_else_fails(
    run: Run, interactions: Path, tmp_path: Path
) -> None:
    done = run("evaluate", interactions, "--epochs", "1", "--rectools", tmp_path / "nowhere", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert "sequence-knn" in told["baselines"]
    for name in ("rectools-sasrec", "rectools-esasrec", "rectools-hstu"):
        assert "pip install torch==2.13.0 'rectools[torch]==0.19.0'" in told["missing"][name]
    alone = run("evaluate", interactions, "--epochs", "1", "--no-baselines", "--json")
    told = json.loads(alone.out)
    assert (told["baselines"], told["missing"]) == ({}, {})
    assert told["metrics"]["ndcg@10"] > 0


def test_a_peer_that_ran_out_of_time_is_said_to_have() -> None:
    found = Ranking(np.array([0.0, 3.0]), np.zeros((2, 10), dtype=np.int32))
    figures = {**metrics(found.found), "coverage@10": 0.5}
    report = Report(
        data="world",
        protocol="temporal",
        preset="tiny",
        seed=0,
        metrics={**figures, **intervals(found.found, 0), "viewers": 2},
        baselines={"rectools-hstu": {**figures, "chosen": {"stopped_by": "minutes", "epochs": 16}}},
        train_s=1.0,
        missing={"rectools-sasrec": "so it is", "rectools-esasrec": "so it is"},
    )
    with StringIO() as shown:
        print_report(report, Console(file=shown, width=200))
        assert "rectools-hstu ran out of time after 16 epochs" in shown.getvalue()
        assert "no rectools-sasrec, rectools-esasrec: so it is" in shown.getvalue()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "nowhere.txt"], "nowhere.txt: is not there."),
        (["evaluate", "{file}", "--protocol", "sampled"], "There is no protocol 'sampled'."),
        (["evaluate", "{file}", "--preset", "huge"], "There is no preset 'huge'."),
        (["evaluate", "{torn}"], "torn.txt, line 2: 'three' is not an item."),
        (["evaluate", "{short}"], "no viewer has three items."),
        (["train", "--interactions", "{file}", "--out", "/nowhere/model.pt"], "/nowhere/model.pt cannot be written."),
        (["train", "--out", "model.pt"], "--out belongs to --interactions."),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    run: Run, interactions: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    torn, short = tmp_path / "torn.txt", tmp_path / "short.txt"
    torn.write_text("1 2\n1 three\n")
    short.write_text("1 2\n1 3\n2 2\n")
    names = {"file": str(interactions), "torn": str(torn), "short": str(short)}
    done = run(*[argument.format(**names) for argument in arguments])
    assert done.code == 1
    assert done.out == ""
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_platform_without_anything_watched_says_so_and_lists_no_model(
    run: Run, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    data = tmp_path / "data"
    done = run("train", "--data", data)
    assert done.code == 1
    assert "nothing to learn from yet" in done.err
    listed = run("models", "--data", data, "--json")
    assert (listed.code, json.loads(listed.out)) == (0, [])
    shown = run("models", "show", "11111111112", "--data", data)
    assert shown.code == 1
    assert "There is no model 11111111112." in shown.err


def test_what_was_watched_becomes_a_model_in_service_that_can_be_looked_at(
    run: Run, platform: Platform, clock: ManualClock, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(platform, clock)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("OPENFORYOU_DATA", str(platform.settings.data))
    trained = run("train", "--epochs", "2", "--json")
    assert trained.code == 0, trained.err
    model = json.loads(trained.out)
    assert model["status"] == "serving"
    assert "60 viewers, 120 items" in trained.err
    listed = run("models")
    assert listed.code == 0
    assert model["id"] in listed.out
    assert "serves" in listed.out
    (as_json,) = json.loads(run("models", "--json").out)
    assert (as_json["id"], as_json["state"]) == (model["id"], "serves")
    shown = json.loads(run("models", "show", model["id"]).out)
    assert shown.items() >= model.items()
    assert (shown["learned"]["dataset"]["items"], shown["learned"]["dataset"]["viewers"]) == (120, 60)
    assert shown["receipt"], "the log holds its manifest"
    assert shown["manifest"]["data"]["rights"]["right"] == "learn"
    assert as_json["stale"] is None
    watched.forbid("viewer", FIRST_VIEWER)
    platform.models.forgetting.notice()
    (as_json,) = json.loads(run("models", "--json").out)
    assert as_json["stale"]["viewers"] == 1
    assert as_json["stale"]["deadline"] == (clock.now() + timedelta(hours=24)).isoformat()
    assert "1 viewer withdrew" in " ".join(run("models").out.replace("│", " ").split())


def test_killed_in_the_middle_the_same_command_goes_on(run: Run, interactions: Path, tmp_path: Path) -> None:
    arguments = ["train", "--interactions", str(interactions), "--epochs", "30", "--data", str(tmp_path), "--json"]
    command = [sys.executable, "-m", "openforyou", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    deadline = time.monotonic() + WAIT_S
    while not list(tmp_path.rglob("state.pt")):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = run(*arguments)
    assert done.code == 0
    assert json.loads(done.out)["was_resumed"] is True
    assert not list(tmp_path.rglob("state.pt"))
