"""Every altered film is encoded to a file, decoded, fingerprinted, searched for and examined, as an upload is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import av
import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from openforyou.bench.copies import sound
from openforyou.bench.copies.alterations import SINGLE
from openforyou.bench.copies.distractors import distractors
from openforyou.bench.copies.films import SOURCE_CRF, Film, painted, write
from openforyou.bench.copies.material import films
from openforyou.bench.report import Report
from openforyou.core.ids import ItemId
from openforyou.core.progress import Progress, silent
from openforyou.ingest.copies import pdq
from openforyou.ingest.copies.examine import Examination, Other
from openforyou.ingest.copies.index import CopyIndex
from openforyou.ingest.copies.prints import packed, unpacked
from openforyou.ingest.copies.service import EXAMINED_MAX
from openforyou.ingest.copies.taking import Taken, Taker
from openforyou.ingest.copies.types import REFUSING, Verdict

COPY_CRF, STRONG_CRF, PRESET = 25, (32, 40), "superfast"
PLAIN_BITS, PLAIN_SHARE = 31, 0.3
BOOTSTRAPS = 2_000


@dataclass(frozen=True, slots=True)
class Load:
    """How many films, on how many each alteration is tried, and how large a catalogue is searched."""

    films: int = 10
    each: int = 6
    combined: int = 60
    catalogue: int = 20_000
    sounds: int = 60
    seed: int = 11


@dataclass(slots=True)
class _Tally:
    """What came of every case: by alteration whether it was found, whether plain PDQ finds it, and what it cost."""

    found: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    plain: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    missed: list[str] = field(default_factory=list)
    search_s: list[float] = field(default_factory=list)
    examine_s: list[float] = field(default_factory=list)
    print_s: list[float] = field(default_factory=list)
    unrelated: int = 0
    same_scene: int = 0
    pairs: int = 0
    scene_pairs: int = 0
    held_same_scene: int = 0


class _Bench:
    """Films of the catalogue by id, 1 up."""

    def __init__(self, folder: Path, load: Load) -> None:
        self.folder, self.load, self.tally = folder, load, _Tally()
        self.index = CopyIndex()
        self.names: dict[int, tuple[str, str]] = {}
        self.others: dict[int, Other] = {}

    def enter(self, name: str, scene: str, film: Film) -> int:
        """Take a film into the catalogue."""
        number = len(self.others) + 1
        path = write(film, self.folder / f"{number}.mp4", SOURCE_CRF, PRESET)
        stored = unpacked(packed(_taken(path).print))
        self.names[number] = (name, scene)
        self.others[number] = Other(ItemId(number), stored, film.seconds, lambda: path)
        self.index.add([(number, stored)])
        return number

    def ask(self, kind: str, source: int, film: Film, crf: int, done: str) -> None:
        """Look for an altered film (or an unaltered one: `kind` is empty), and count what is said of every other."""
        path = write(film, self.folder / "asked.mp4", crf, PRESET)
        start = process_time()
        taken = _taken(path)
        self.tally.print_s.append(process_time() - start)
        start = process_time()
        found = self.index.search(taken)
        self.tally.search_s.append(process_time() - start)
        start, verdicts = process_time(), dict[int, Verdict]()
        candidates = [(self.others[one.item_id], one) for one in found if one.item_id > 0][:EXAMINED_MAX]
        for compared in Examination(taken, path, film.seconds).each(candidates):  # On, where an upload is refused.
            if verdicts.get(compared.other_id) not in REFUSING:
                verdicts[compared.other_id] = compared.verdict
        self.tally.examine_s.append(process_time() - start)
        self._count(kind, source, verdicts)
        if kind:
            self.tally.plain[kind].append(_plainly(taken, self.others[source]))
            if not self.tally.found[kind][-1]:
                self.tally.missed.append(f"{self.names[source][0]}, {kind}: {done}")

    def _count(self, kind: str, source: int, verdicts: dict[int, Verdict]) -> None:
        scene = self.names[source][1]
        for number, (_, other_scene) in self.names.items():
            verdict = verdicts.get(number, Verdict.UNRELATED)
            if number == source:
                if kind:
                    self.tally.found[kind].append(verdict in REFUSING)
            elif other_scene == scene:
                self.tally.scene_pairs += 1
                self.tally.same_scene += verdict in REFUSING
                self.tally.held_same_scene += verdict is Verdict.SAME_SCENE
            else:
                self.tally.pairs += 1
                self.tally.unrelated += verdict in REFUSING


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Measure recall, wrong blocks, sound and cost."""
    load = load or Load()
    cv2.setNumThreads(1)
    with TemporaryDirectory(prefix="openforyou-") as folder, threadpool_limits(limits=1, user_api="blas"):
        bench = _Bench(Path(folder), load)
        given = list(films(load.films, load.seed))
        numbers = [bench.enter(*one) for one in given]
        for batch in distractors(load.catalogue, load.seed):
            bench.index.add(batch)
            progress(-batch[-1][0], load.catalogue, "catalogue")
        cases = [(number, film) for number, (_, _, film) in zip(numbers, given, strict=True)]
        _ask_all(bench, cases, progress)
    heard = sound.measured(load.sounds, load.seed, progress)
    progress(1, 1, "done")
    return _report(load, bench, heard)


def _ask_all(bench: _Bench, cases: list[tuple[int, Film]], progress: Progress) -> None:
    """Each alteration of some films, every film in turn, and between them the combinations."""
    rng = np.random.default_rng([bench.load.seed, 1])
    other = painted("koi", 77, 6.0)
    kinds = list(SINGLE)
    turns = [(kind, turn) for turn in range(bench.load.each) for kind in range(len(kinds))]
    total, combined = len(turns) + bench.load.combined, 0
    for done, (kind, turn) in enumerate(turns, 1):
        number, film = cases[(kind + turn * len(kinds)) % len(cases)]
        altered, words = SINGLE[kinds[kind]](rng, film, other)
        crf = int(rng.integers(*STRONG_CRF)) if kinds[kind] == "compression" else COPY_CRF
        bench.ask(kinds[kind], number, altered, crf, words)
        while combined * len(turns) < done * bench.load.combined:
            _ask_combined(bench, cases[combined % len(cases)], other, rng)
            combined += 1
        progress(done + combined, total, "altered copies")


def _ask_combined(bench: _Bench, case: tuple[int, Film], other: Film, rng: np.random.Generator) -> None:
    """Two or three alterations, one after the other."""
    (number, altered), kinds = case, list(SINGLE)
    chosen = sorted(rng.choice(len(kinds), int(rng.integers(2, 4)), replace=False).tolist())
    told = []
    for place in chosen:
        altered, words = SINGLE[kinds[place]](rng, altered, other)
        told.append(f"{kinds[place]} {words}")
    crf = int(rng.integers(*STRONG_CRF)) if "compression" in (kinds[place] for place in chosen) else COPY_CRF
    bench.ask("combined", number, altered, crf, ", ".join(told))


def _taken(path: Path) -> Taken:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        taker = Taker(float((container.duration or 0) / av.time_base))
        for frame in container.decode(stream):
            taker.look(frame, Fraction(frame.pts or 0) * Fraction(frame.time_base or 1))
    return taker.taken()


def _plainly(taken: Taken, other: Other) -> bool:
    """Whether whole-frame PDQ finds it: at least three of ten frames have a near hash."""
    away = np.bitwise_count(taken.print.hashes[:, None] ^ other.print.hashes[None]).sum(axis=2, dtype=np.int64)
    assert away.max(initial=0) <= pdq.BITS
    return bool((away.min(axis=1, initial=pdq.BITS) <= PLAIN_BITS).mean() >= PLAIN_SHARE)


def _interval(outcomes: list[bool], seed: int) -> dict[str, float]:
    """Mean, and the middle 95 % of resampled means."""
    values = np.array(outcomes, dtype=np.float64)
    draws = np.random.default_rng(seed).integers(0, len(values), (BOOTSTRAPS, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return {"share": float(values.mean()), "low": float(low), "high": float(high), "cases": float(len(values))}


def _report(load: Load, bench: _Bench, heard: sound.Heard) -> Report:
    tally = bench.tally
    single = [one for kind, found in tally.found.items() if kind != "combined" for one in found]
    plain = [one for kind, found in tally.plain.items() if kind != "combined" for one in found]
    return Report(
        bench="copies",
        settings=asdict(load),
        metrics={
            "recall_single": float(np.mean(single)),
            "recall_combined": float(np.mean(tally.found["combined"])),
            "blocked_unrelated": float(tally.unrelated),
            "blocked_same_scene": float(tally.same_scene),
            "sound_recall": heard.recall,
            "sound_false": float(heard.false),
        },
        baseline={
            "name": "whole-frame PDQ, 31 bits, three of ten frames",
            "recall_single": float(np.mean(plain)),
            "recall_combined": float(np.mean(tally.plain["combined"])),
        },
        detail={
            **{kind: _interval(found, load.seed) for kind, found in tally.found.items()},
            "all single": _interval(single, load.seed),
            "unrelated_pairs": tally.pairs,
            "same_scene_pairs": tally.scene_pairs,
            "same_scene_held": tally.held_same_scene,
            "sound_pairs": heard.pairs,
            "sound_recall_interval": _interval(heard.found, load.seed),
            "print_cpu_s": float(np.mean(tally.print_s)),
            "search_cpu_s": float(np.mean(tally.search_s)),
            "examine_cpu_s": float(np.mean(tally.examine_s)),
            "index_bytes_an_item": bench.index.nbytes / max(1, len(bench.index)),
            "missed": "; ".join(tally.missed),
        },
    )
