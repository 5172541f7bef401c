"""`openforyou credentials FILE`: any file, with words for people and JSON for programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.ingest.credentials.signers import Authority, mining


def run(*arguments: str, trust: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) | ({"OPENFORYOU_C2PA_TRUST": str(trust)} if trust else {})
    command = [sys.executable, "-m", "openforyou", "credentials", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A picture, signed, with its authority in trust.pem."""
    authority = Authority("Known Authority")
    (tmp_path / "trust.pem").write_text(authority.pem)
    Image.effect_noise((96, 64), 60).convert("RGB").save(tmp_path / "photo.jpg")
    signer = authority.signer("Ada's Camera")
    refusal = mining(ai_training="notAllowed")
    return signer.sign(tmp_path / "photo.jpg", tmp_path / "signed.jpg", refusal, source_type="trainedAlgorithmicMedia")


def test_a_signed_file_is_told_in_words(signed: Path) -> None:
    done = run(str(signed), trust=signed.with_name("trust.pem"))
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert first == "trusted: Signed by Ada's Camera, unchanged since."
    for words in ("AI-made", "Nothing may be trained on it", "certified by Known Authority", "ai_training notAllowed"):
        assert any(words in line for line in rest), words


def test_a_program_reads_json_and_without_a_list_nobody_is_known(signed: Path) -> None:
    told = json.loads(run(str(signed), "--json").stdout)
    assert (told["state"], told["signer"], told["ai_made"]) == ("untrusted", "Ada's Camera", True)
    assert told["refuses_learning"] is True
    plain = run(str(signed.with_name("photo.jpg")))
    assert (plain.returncode, plain.stdout) == (0, "none: No Content Credentials came with it.\n")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    done = run(str(tmp_path / "absent.mp4"))
    assert done.returncode == 1
    assert "absent.mp4: No such file or directory. Check the path." in done.stderr
