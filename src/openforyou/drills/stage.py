"""What there is to inflate: a few clips of two creators, and twenty viewers who watch, like, follow and go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import sleep
from uuid import uuid4

import numpy as np

from openforyou.app.platform import Platform
from openforyou.catalog import store
from openforyou.catalog.queue import store as queue
from openforyou.catalog.types import ITEM_RIGHTS, Draft, Publication, Rendition
from openforyou.core.ids import CreatorId, ItemId, decode_id, encode_id, new_id
from openforyou.drills.errors import Broken
from openforyou.drills.viewers import Told, Viewer
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER

CLIPS = 12
VIEWERS = 20
"""So many that the log has full tiles, which rest as they are, and not only the last ones."""
WATCHED_AFTER_S = 2.1
"""A view takes two seconds."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A published item, by its public ids."""

    id: str
    creator: str

    @property
    def number(self) -> int:
        """As the database has it."""
        return decode_id(self.id)


def publish(platform: Platform, maker: str) -> list[Clip]:
    """Clips of the creator `maker` and of another one in turn, recommended like any others. They have no files."""
    other = platform.catalog.add_creator("neighbour", "Neighbour")
    creators = [CreatorId(decode_id(maker)), other.id]
    return [publish_clip(platform, creators[number % 2], number) for number in range(CLIPS)]


def publish_clip(platform: Platform, creator: CreatorId, number: int) -> Clip:
    """One of them, with every right ticked."""
    item = ItemId(new_id())
    draft = Draft(f"Clip {number + 1}", "", frozenset(ITEM_RIGHTS), f"{number}.mp4", uuid4().hex)
    platform.catalog.queue(item, creator, draft, "", "made for a drill")
    publication = Publication(
        duration_ms=20_000,
        width=720,
        height=1_280,
        has_sound=True,
        poster_key=f"items/{encode_id(item)}/poster.jpg",
        preview_key=f"items/{encode_id(item)}/preview.mp4",
        renditions=(Rendition("720p", f"items/{encode_id(item)}/720p.mp4", 720, 1_280, 9_000),),
        features={CONTENT_ENCODER: np.eye(CONTENT_DIM, dtype=np.float32)[number % CONTENT_DIM]},
    )
    with platform.database.begin() as connection:
        taken = queue.take_waiting(connection, 3, item)
        if taken is None or not store.publish(connection, item, publication, platform.clock.now()):
            raise Broken("a clip of the drill's could not be published")
        queue.release(connection, item)
    return Clip(encode_id(item), encode_id(creator))


def traffic(arrive: Callable[[], Viewer], clips: Sequence[Clip]) -> None:
    """Honest traffic over HTTP: everybody is served everything; some watch on, like, take it back, follow."""
    viewers = [arrive() for _ in range(VIEWERS)]
    sleep(WATCHED_AFTER_S)
    for number, viewer in enumerate(viewers):
        events: list[Told] = []
        for place, clip in enumerate(clips):
            events.append(viewer.event("impression", clip.id))
            if (number + place) % 3:
                events += [viewer.event("view", clip.id), viewer.event("watch", clip.id, watch_ms=1_500)]
            if (number + 2 * place) % 4 == 0:
                events.append(viewer.event("like", clip.id))
        if number % 5 == 0:
            events.append(viewer.event("follow", clips[number % 2].id))
        answer = viewer.send(events)
        if answer.refusals:
            raise Broken(f"honest events were refused: {answer.refusals[0]}")
        _change_of_mind(viewer, clips[number % len(clips)].id)


def _change_of_mind(viewer: Viewer, item: str) -> None:
    """Like, take it back, like again: three turns of one nullifier."""
    for kind in ("unlike", "like"):
        viewer.send([viewer.event(kind, item)])
