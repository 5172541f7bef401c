"""Real small films, a creator, and somebody who has proven an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from openforyou.app.platform import Platform
from openforyou.catalog.types import Creator
from openforyou.core.ids import CreatorId
from openforyou.ingest.imports.proofs import Checked
from openforyou.ingest.imports.service import Imports
from tests.ingest.films import Film

FilmOf = Callable[[int], bytes]


@dataclass(frozen=True)
class Elsewhere:
    platform: str
    who: str


@dataclass(frozen=True)
class Proof:
    outside: Elsewhere
    subject: str = ""


@dataclass
class Proven:
    """Accounts that are proven, as a room that checks them tells."""

    accounts: list[tuple[str, str]] = field(default_factory=list)

    def proven(self, creator_id: CreatorId) -> list[Proof]:
        lasting = ("did:", "UC")
        return [
            Proof(Elsewhere(platform, "" if key.startswith(lasting) else key), key if key.startswith(lasting) else "")
            for platform, key in self.accounts
        ]


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
    platform.imports.proofs = Checked(proven)
    return proven


@pytest.fixture
def imports(platform: Platform, proofs: Proven) -> Imports:
    return platform.imports


@pytest.fixture
def archive_path(tmp_path: Path) -> Path:
    return tmp_path / "archive.zip"
