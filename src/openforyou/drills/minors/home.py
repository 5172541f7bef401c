"""A minor with a clip, their parent, and a stranger: everybody as over HTTP, made once for all attacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from openforyou.core.ids import CreatorId, ItemId, decode_id
from openforyou.drills.errors import Broken
from openforyou.drills.stage import Clip, publish_clip
from openforyou.drills.viewers import Viewer
from openforyou.drills.world import World

TYPED = "of no worth at all"
_HOMES: WeakKeyDictionary[World, Home] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Home:
    """Browsers that are signed in, and the minor's clip, with every right ticked by the minor."""

    child: Viewer
    parent: Viewer
    stranger: Viewer
    sibling: Viewer
    """Another minor."""
    clip: Clip
    ward: str
    """How the parent names the minor."""

    @property
    def item(self) -> ItemId:
        """The clip, as the database has it."""
        return ItemId(self.clip.number)


def home(world: World) -> Home:
    """The same for all attacks on a world. Raises `Broken`."""
    if world not in _HOMES:
        child, parent = _signed_up(world, "child", minor=True), _signed_up(world, "parent")
        creator = post(child, "/v1/creators", {"handle": "child"})["id"]
        clip = publish_clip(world.platform, CreatorId(decode_id(creator)), 3)
        ward = post(parent, "/v1/guardian/wards", {"code": invitation(child)})["id"]
        sibling, stranger = _signed_up(world, "sibling", minor=True), _signed_up(world, "stranger")
        _HOMES[world] = Home(child, parent, stranger, sibling, clip, ward)
    return _HOMES[world]


def invitation(child: Viewer) -> str:
    """A code of a minor's. Raises `Broken`."""
    return str(post(child, "/v1/guardian/invitations", {})["code"])


def post(viewer: Viewer, path: str, body: dict[str, Any]) -> Any:
    """What is answered to something that is allowed. Raises `Broken` where it is not."""
    answer = viewer.http.post(path, json=body)
    if answer.status_code != 201:
        raise Broken(f"POST {path} answers {answer.status_code}: {answer.text[:200]}")
    return answer.json()


def refused(viewer: Viewer, method: str, path: str, body: dict[str, Any]) -> str:
    """The code with which something is refused; empty where it was allowed."""
    answer = viewer.http.request(method, path, json=body)
    return "" if answer.is_success else f"{answer.status_code} {answer.json()['code']}"


def _signed_up(world: World, name: str, *, minor: bool = False) -> Viewer:
    viewer = world.stranger()
    viewer.ask("/v1/progress")
    post(viewer, "/v1/accounts", {"email": f"{name}@minors.invalid", "password": TYPED, "minor": minor})
    return viewer
