"""`bench freshness`: how soon what a viewer does, and what a creator uploads, is in the feed.

`requests_to_changed_slate`: a viewer with a history watches a clip to the end and likes it. So many slates later, at
the most of all probes, one stands on it: its record names the clip as the reason of another. `detail` has the
milliseconds from sending the events to having that slate.

`event_to_weights_s`: the same events, until a slate is answered by a model whose weights learned from them, as its
manifest says (how far it has read, and the steps that it took); the worst of all probes, which fall at any moment
between two looks of the learner. What an exam kept out teaches nothing: such probes are counted in `detail`.

`upload_to_impression_s`: from handing a clip over, which is then transcoded and described like any other, until it
stands in somebody's slate and their page has reported it as seen; the median. Meanwhile `rate` slates a second are
asked for, by one viewer after the other.

The baseline is a full training from the same events, in seconds of work beside those of an update.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any

from openforyou.bench.bulk import Crowd
from openforyou.bench.freshness_platform import EVIDENCE, WITHIN_S, World, running
from openforyou.bench.freshness_probes import WATCHERS, Probe, probed
from openforyou.bench.report import Report, percentile, spread
from openforyou.catalog.types import ITEM_RIGHTS
from openforyou.core.errors import Unavailable
from openforyou.core.progress import Progress, silent
from openforyou.demo.film import Format, shoot
from openforyou.demo.looks import all_looks
from openforyou.events.types import EventType
from openforyou.learn.types import Model, ModelStatus

CLIP_S = 3.0


@dataclass(frozen=True, slots=True)
class Load:
    """The platform, and what is asked of it. `update_s` is the learner's setting, `rate` slates a second."""

    items: int = 2_000
    viewers: int = 500
    history: int = 60
    epochs: int = 8
    probes: int = 30
    uploads: int = 3
    rate: float = 10.0
    update_s: int = 10
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Upload:
    """Seconds from handing it over, and slates that were asked for until somebody saw it."""

    published_s: float
    impression_s: float
    slates: int


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Measure on a platform made for it. Raises `Unavailable` where it does not start, or nothing comes of a probe."""
    load = load or Load()
    with (
        running(
            Crowd(load.items, load.viewers, load.history, load.seed), load.epochs, load.update_s, progress
        ) as world,
        TemporaryDirectory(prefix="openforyou-bench-") as folder,
    ):
        probes, learned_s = probed(world, load.probes, load.seed, progress)
        uploads = []
        for number in range(load.uploads):
            progress(number, load.uploads, "uploading")
            uploads.append(_uploaded(world, _filmed(Path(folder), number, load.seed), load.rate, number))
        learned = [seconds for seconds in learned_s if seconds is not None]
        if not learned:
            raise Unavailable("The exam kept every update out.", hint="Ask for more viewers, or for more epochs.")
        return Report(
            bench="freshness",
            settings=asdict(load),
            metrics={
                "requests_to_changed_slate": max(probe.requests for probe in probes),
                "event_to_weights_s": max(learned),
                "upload_to_impression_s": spread([one.impression_s for one in uploads])["median"],
            },
            baseline=_baseline(world),
            detail=_detail(probes, learned, uploads, world.versions()),
        )


def _baseline(world: World) -> dict[str, Any]:
    update_s = spread([one.manifest["seconds"] for one in _lessons(world.versions())])["median"]
    return {
        "name": "a full training from the same events",
        "training_s": world.trained_s,
        "ratio_update_to_training": update_s / world.trained_s,
    }


def _detail(
    probes: Sequence[Probe], learned: Sequence[float], uploads: Sequence[Upload], versions: Sequence[Model]
) -> dict[str, Any]:
    slate_ms, lessons = [probe.slate_ms for probe in probes], _lessons(versions)
    return {
        "event_to_changed_slate_ms": {
            "p50": percentile(slate_ms, 0.5),
            "p99": percentile(slate_ms, 0.99),
            "max": max(slate_ms),
        },
        "requests_to_changed_slate": spread([probe.requests for probe in probes]),
        "event_to_weights_s": spread(learned),
        "probes_kept_out": len(probes) - len(learned),
        "updates": len(lessons),
        "updates_thrown_away": sum(one.status is ModelStatus.FAILED for one in versions),
        "update_s": spread([one.manifest["seconds"] for one in lessons]),
        "update_deeds": spread([one.manifest["deeds"] for one in lessons]),
        "upload_to_impression_s": spread([one.impression_s for one in uploads]),
        "upload_to_published_s": spread([one.published_s for one in uploads]),
        "slates_until_impression": spread([one.slates for one in uploads]),
    }


def _lessons(versions: Sequence[Model]) -> list[Model]:
    """Those that took steps and were published."""
    return [one for one in versions if one.status is not ModelStatus.FAILED and one.manifest["steps"]]


def _filmed(folder: Path, number: int, seed: int) -> Path:
    """A short clip that nobody has uploaded."""
    looks = sorted(all_looks())
    path = folder / f"clip-{number}.mp4"
    shoot(path, looks[number % len(looks)], (seed, number), CLIP_S, Format())
    return path


def _uploaded(world: World, clip: Path, rate: float, number: int) -> Upload:
    """Hand a clip of a new creator over, and ask for slates until somebody has seen it."""
    platform = world.platform
    creator = platform.catalog.add_creator(f"newcomer{number}", "Newcomer")
    began_s, began = perf_counter(), platform.clock.now()
    item = platform.ingest.take_in(clip, creator.id, rights=frozenset(ITEM_RIGHTS), evidence=EVIDENCE)
    for asked, viewer_number in zip(range(1, int(WITHIN_S * rate) + 1), cycle(world.viewers[:-WATCHERS]), strict=False):
        with world.viewer(viewer_number) as viewer:
            context = viewer.slate().contexts.get(item)
            if context is not None:
                viewer.does(context, EventType.IMPRESSION)
                seen_s = perf_counter() - began_s
                published_at = platform.catalog.item(item).published_at
                assert published_at is not None, "shown and not published"
                return Upload((published_at - began).total_seconds(), seen_s, asked)
        sleep(max(asked / rate - (perf_counter() - began_s), 0))
    raise Unavailable("Nobody was shown what was uploaded.", hint="Ask for more viewers, or more slates a second.")
