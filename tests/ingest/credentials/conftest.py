"""A signer whom the trust list knows, one whom it does not, a clip and a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from openforyou.ingest.credentials.reading import Reader
from tests.ingest.credentials.signers import Authority, TestSigner
from tests.ingest.films import Film


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority("Known Authority")


@pytest.fixture(scope="session")
def known(authority: Authority) -> TestSigner:
    return authority.signer("Ada's Camera")


@pytest.fixture(scope="session")
def stranger() -> TestSigner:
    return Authority("Nobody Knows").signer("A Stranger")


@pytest.fixture(scope="session")
def reader(authority: Authority) -> Reader:
    """Trusts `authority` alone."""
    return Reader(authority.pem)


@pytest.fixture(scope="session")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small MP4, unsigned."""
    return Film(size=(96, 160), seconds=0.6).make(tmp_path_factory.mktemp("film") / "clip.mp4")


@pytest.fixture(scope="session")
def photo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small JPEG, unsigned."""
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    Image.effect_noise((96, 64), 60).convert("RGB").save(path)
    return path
