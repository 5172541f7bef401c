"""An operator plugs in an encoder of faces, and would run it on whatever is handed in, or train on what it tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openforyou.catalog.types import Right
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.scrape.learning import everybody_allows
from openforyou.drills.world import World
from openforyou.ingest import encoders
from openforyou.ingest.encoders import BLOCKS, CONTENT_DIM, Blocks, Concerned, Describes, Sample, describe
from openforyou.ingest.encoders.sample import Floats, unit
from openforyou.learn import dataset as door
from openforyou.learn.manifest.errors import NotAllowed

ALLOWED = frozenset({Right.BIOMETRIC})
MAKER, GUEST = 1, 2


@dataclass
class Faces:
    """Tells faces apart, or pretends to: what matters is that it was shown the clip at all."""

    declares: frozenset[Describes] = frozenset({Describes.BIOMETRIC})
    name: str = "faces-1"
    dim: int = 8
    shown: int = 0

    def __call__(self, sample: Sample) -> Floats:
        """The brightness of eight stripes of the first frame."""
        self.shown += 1
        return unit(np.array([part.mean() for part in np.array_split(sample.frames[0, 0], self.dim)]))


def _sample() -> Sample:
    frames = np.random.default_rng(1).integers(0, 255, (1, 2, 64, 36, 3), dtype=np.uint8)
    return Sample(frames, np.zeros(1, np.float32), np.zeros(0, np.float32))


def _shown(faces: Faces, concerned: Concerned | None) -> bool:
    """Whether the encoder was shown a clip of those; None: as it is taken in, when nobody said who is in it."""
    blocks: Blocks = (*BLOCKS, (faces, 0.1))
    before = faces.shown
    made = describe(_sample(), blocks=blocks) if concerned is None else describe(_sample(), concerned, blocks)
    assert len(made[encoders.CONTENT_ENCODER]) == CONTENT_DIM + faces.dim
    return faces.shown > before or faces.name in made


@attack(Seat.ADMINISTRATOR)
def faces_in_every_upload(_: World, case: Case) -> Outcome:
    """Runs an encoder of faces on what is handed in, of which nobody said who is in it."""
    faces = Faces()
    case.did(_shown(faces, Concerned(ALLOWED, {MAKER: ALLOWED})), "it runs where everyone concerned allows it")
    case.stood(not _shown(faces, None), "it is not shown a clip of which nobody said who is in it")
    case.stood(not _shown(faces, Concerned(ALLOWED)), "nor by the right of whoever handed it in alone")
    return Outcome.PREVENTED


@attack(Seat.ADMINISTRATOR)
def a_guest_who_never_agreed(_: World, case: Case) -> Outcome:
    """Runs it on a clip of two people, of whom one agreed, with every other right that there is."""
    faces, others = Faces(), frozenset(Right) - ALLOWED
    case.did(_shown(faces, Concerned(ALLOWED, {MAKER: ALLOWED, GUEST: ALLOWED})), "it runs where both agreed")
    case.stood(not _shown(faces, Concerned(ALLOWED, {MAKER: ALLOWED, GUEST: others})), "it does not where one has not")
    case.stood(
        not _shown(faces, Concerned(others, {MAKER: ALLOWED, GUEST: ALLOWED})), "nor without a right to the clip"
    )
    return Outcome.PREVENTED


@attack(Seat.ADMINISTRATOR)
def an_encoder_that_declares_nothing(_: World, case: Case) -> Outcome:
    """Leaves the declaration away."""
    silent, open_ = Faces(declares=frozenset()), Faces(declares=frozenset({Describes.PICTURE}))
    case.did(_shown(open_, None), "the same code runs where it declares a picture")
    case.stood(not _shown(silent, None), "and does not where it declares nothing")
    return Outcome.PREVENTED


@attack(Seat.ADMINISTRATOR)
def faces_in_the_training(world: World, case: Case) -> Outcome:
    """Has faces among what describes each clip, and trains on it."""
    everybody_allows(world)
    platform, held = world.platform, encoders.BLOCKS
    data = door.from_events(platform.database, platform.clock.now())
    case.did(len(platform.models.manifests.draw(data).tree) > 0, "the same data may be learned from without faces")
    refused = ""
    encoders.BLOCKS = (*held, (Faces(), 0.1))
    try:
        platform.models.manifests.draw(data)
    except NotAllowed as error:
        refused = error.message
    finally:
        encoders.BLOCKS = held
    case.stood("`biometric`" in refused, f"with them nothing is signed: {refused}")
    return Outcome.PREVENTED
