"""RecTools' SASRec, eSASRec and HSTU, for the interpreter that has them: run as a file, never imported by ours.

    PYTHON rectools_models.py JOB.json ROWS.npz ANSWER.npz

`JOB.json` says what to do (`rank` or `speed`), which model, and its recipe; `ROWS.npz` holds rows of viewer, item and
time under the names below; `ANSWER.npz` takes what came of it. Standard output is a line of JSON for each step forward.
Exit code 3: this interpreter does not have what it takes, and the last line says what is missing.

Validation is NDCG@10 with the whole catalogue ranked, as ours is chosen; the weights of the best round answer.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from copy import deepcopy
from pathlib import Path
from time import perf_counter
from typing import Any

MISSING = 3
CUT = 10
VALIDATED_VIEWERS_MAX = 2_000


def main(job_path: str, rows_path: str, answer_path: str) -> int:
    """Do the job. The exit code is 0 only when the answer lies there."""
    try:
        import rectools
        from rectools.models import HSTUModel, SASRecModel  # noqa: F401 - whether they are there
    except ImportError as error:
        say(missing=str(error))
        return MISSING
    import numpy as np
    import torch
    from pytorch_lightning import seed_everything

    warnings.filterwarnings("ignore")
    job = json.loads(Path(job_path).read_text())
    with np.load(rows_path) as held:
        rows = {name: held[name] for name in held.files}
    torch.set_num_threads(job["threads"])
    seed_everything(job["seed"], verbose=False)
    answer = {"rank": ranked, "speed": timed}[job["task"]](job, rows)
    np.savez(answer_path, version=np.array(rectools.__version__), **answer)
    return 0


def say(**told: Any) -> None:
    """A line for whoever started this."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def ranked(job: dict[str, Any], rows: dict[str, Any]) -> dict[str, Any]:
    """Train with early stopping, and each asked viewer's best items: `top` (B, K), -1 where there are fewer."""
    import numpy as np

    clock = Clock()
    model = built(job, clock)
    trained_on = dataset_of(rows, "train")
    steps = math.ceil(len(np.unique(rows["train_viewer"])) / job["recipe"]["batch"])
    epochs = max(round(job["round_steps"] / steps), 1)
    ends = perf_counter() + 60 * job["minutes"]
    best, best_epoch, weights, stopped = -1.0, 0, None, "rounds"
    for number in range(1, job["rounds"] + 1):
        for _ in range(epochs):
            model.fit_partial(trained_on, min_epochs=1, max_epochs=1)
            if perf_counter() > ends:
                stopped = "minutes"
                break
        score = validated(job, model, rows, trained_on)
        if score > best:
            best, best_epoch, weights = score, len(clock.epoch_s), deepcopy(model.torch_model.state_dict())
        told = f"round {number} of {job['rounds']}, NDCG@10 {best:.3f}, {np.median(clock.epoch_s):.1f} s an epoch"
        say(done=number, total=job["rounds"], message=told)
        if len(clock.epoch_s) - best_epoch >= job["patience"] * epochs:
            stopped = "patience"
        if stopped != "rounds":
            break
    model.torch_model.load_state_dict(weights)
    return {
        "top": best_items(job, model, dataset_of(rows, "past"), rows["asked_viewer"], rows["asked_at"], job["top"]),
        "epoch_s": np.array(clock.epoch_s),
        "validation": np.array(best),
        "epochs": np.array(len(clock.epoch_s)),
        "best_epoch": np.array(best_epoch),
        "stopped": np.array(stopped),
    }


def timed(job: dict[str, Any], rows: dict[str, Any]) -> dict[str, Any]:
    """`batches` steps, and the seconds at which each was done: `at_s` (S,), of `sequences` (S,) viewers each."""
    import numpy as np

    clock = Clock()
    model = built(job, clock)
    model.fit_partial(dataset_of(rows, "train"), min_epochs=1, max_epochs=1)
    return {"at_s": np.array(clock.batch_at_s), "sequences": np.array(clock.sequences)}


def built(job: dict[str, Any], clock: Clock) -> Any:
    """The model by its recipe."""
    from pytorch_lightning import Trainer
    from rectools.models import HSTUModel, SASRecModel
    from rectools.models.nn.transformers.ligr import LiGRLayers

    recipe = job["recipe"]

    def trainer() -> Any:
        return Trainer(
            max_epochs=1,
            limit_train_batches=job.get("batches"),
            devices=1,
            callbacks=[callback_of(clock)],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    told: dict[str, Any] = {
        "n_factors": recipe["width"],
        "n_blocks": recipe["blocks"],
        "n_heads": recipe["heads"],
        "session_max_len": recipe["length"],
        "dropout_rate": recipe["dropout"],
        "batch_size": recipe["batch"],
        "lr": recipe["rate"],
        "loss": "sampled_softmax" if recipe["negatives"] else "softmax",
        "n_negatives": recipe["negatives"] or 1,
        "get_trainer_func": trainer,
    }
    if job["model"] == "hstu":
        return HSTUModel(
            **told,
            relative_time_attention=job["has_times"],
            similarity_module_kwargs={"distance": "cosine"},
            lightning_module_kwargs={"logits_t": recipe["temperature"]},
        )
    if job["model"] == "esasrec":
        told |= {"transformer_layers_type": LiGRLayers, "use_key_padding_mask": True}
    return SASRecModel(**told)


class Clock:
    """When batches and epochs ended. Copies of the trainer share it."""

    def __init__(self) -> None:
        self.epoch_s: list[float] = []
        self.batch_at_s: list[float] = []
        self.sequences: list[int] = []
        self.began = 0.0

    def __deepcopy__(self, memo: dict[int, Any]) -> Clock:
        return self


def callback_of(clock: Clock) -> Any:
    """Lightning's hooks, writing down the time."""
    from pytorch_lightning import Callback

    class Timer(Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.clock = clock

        def on_train_epoch_start(self, *_: Any) -> None:
            self.clock.began = perf_counter()

        def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, number: int) -> None:  # noqa: ARG002
            self.clock.batch_at_s.append(perf_counter())
            self.clock.sequences.append(len(batch["x"]))

        def on_train_epoch_end(self, *_: Any) -> None:
            self.clock.epoch_s.append(perf_counter() - self.clock.began)

    return Timer()


def dataset_of(rows: dict[str, Any], part: str) -> Any:
    """The rows of one part, in their order."""
    import pandas as pd
    from rectools.dataset import Dataset

    return Dataset.construct(
        pd.DataFrame(
            {
                "user_id": rows[f"{part}_viewer"],
                "item_id": rows[f"{part}_item"],
                "weight": 1.0,
                "datetime": pd.to_datetime(rows[f"{part}_at"], unit="s"),
            }
        )
    )


def validated(job: dict[str, Any], model: Any, rows: dict[str, Any], past: Any) -> float:
    """NDCG@10 of what validation seeks. Who trained on nothing that is known scores 0."""
    import numpy as np

    viewers, items, at = (rows[f"validation_{name}"] for name in ("viewer", "item", "at"))
    if len(viewers) > VALIDATED_VIEWERS_MAX:
        some = np.linspace(0, len(viewers) - 1, VALIDATED_VIEWERS_MAX).astype(np.int64)
        viewers, items, at = viewers[some], items[some], at[some]
    if not len(viewers):
        return 0.0
    hits = best_items(job, model, past, viewers, at, CUT) == items[:, None]
    return float((hits / np.log2(np.arange(2, hits.shape[1] + 2))).sum(axis=1).mean())


def best_items(job: dict[str, Any], model: Any, past: Any, viewers: Any, at: Any, count: int) -> Any:
    """(B, count) items, best first, without those that a viewer has; -1 where there are fewer."""
    import numpy as np
    import pandas as pd

    context = None
    if job["model"] == "hstu" and job["has_times"]:
        context = pd.DataFrame({"user_id": viewers, "weight": 1.0, "datetime": pd.to_datetime(at, unit="s")})
    told = model.recommend(
        users=viewers, dataset=past, k=count, filter_viewed=True, on_unsupported_targets="ignore", context=context
    )
    top = np.full((len(viewers), count), -1, dtype=np.int32)
    row = pd.Series(np.arange(len(viewers)), index=viewers)
    top[row[told["user_id"]].to_numpy(), told["rank"].to_numpy() - 1] = told["item_id"].to_numpy()
    return top


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
