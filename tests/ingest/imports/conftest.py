"""Real small films, a creator, and somebody who has proven an account."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from openforyou.app.platform import Platform
from openforyou.catalog.types import Creator
from openforyou.core.ids import CreatorId
from openforyou.ingest.imports.service import Imports
from tests.ingest.films import Film

FilmOf = Callable[[int], bytes]


@dataclass
class Proven:
    """Accounts that are proven, as a room that checks them would tell."""

    accounts: list[tuple[str, str]] = field(default_factory=list)

    def proven(self, creator_id: CreatorId) -> Collection[tuple[str, str]]:
        return self.accounts


@pytest.fixture(scope="session")
def film_of(tmp_path_factory: pytest.TempPathFactory) -> FilmOf:
    """Films that differ, by number."""
    folder, made = tmp_path_factory.mktemp("films"), {}

    def film(number: int) -> bytes:
        if number not in made:
            look = Film(size=(96, 160), seconds=0.6, metadata={"title": f"film {number}"})
            made[number] = look.make(folder / f"{number}.mp4").read_bytes()
        return made[number]

    return film


@pytest.fixture
def creator(platform: Platform) -> Creator:
    return platform.catalog.add_creator("ada", "Ada")


@pytest.fixture
def proofs(platform: Platform) -> Proven:
    """Nobody has proven anything yet."""
    proven = Proven()
    platform.imports.proofs = proven
    return proven


@pytest.fixture
def imports(platform: Platform, proofs: Proven) -> Imports:
    return platform.imports


@pytest.fixture
def archive_path(tmp_path: Path) -> Path:
    return tmp_path / "archive.zip"
