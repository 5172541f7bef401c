"""`openforyou credentials FILE`: any file, with words for people and JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from openforyou.cli.main import main
from tests.ingest.credentials.signers import Authority, mining

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process; answers its exit code, output and errors."""

    def one(*arguments: str, trust: Path | None = None) -> tuple[int, str, str]:
        monkeypatch.setenv("OPENFORYOU_C2PA_TRUST", str(trust or ""))
        monkeypatch.setattr(sys, "argv", ["openforyou", "credentials", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return one


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A picture, signed, with its authority in trust.pem."""
    authority = Authority("Known Authority")
    (tmp_path / "trust.pem").write_text(authority.pem)
    Image.effect_noise((96, 64), 60).convert("RGB").save(tmp_path / "photo.jpg")
    signer = authority.signer("Ada's Camera")
    refusal = mining(ai_training="notAllowed")
    return signer.sign(tmp_path / "photo.jpg", tmp_path / "signed.jpg", refusal, source_type="trainedAlgorithmicMedia")


def test_a_signed_file_is_told_in_words(run: Run, signed: Path) -> None:
    code, out, _ = run(str(signed), trust=signed.with_name("trust.pem"))
    first, *rest = out.splitlines()
    assert (code, first) == (0, "trusted: Signed by Ada's Camera, unchanged since.")
    for words in ("AI-made", "Nothing may be trained on it", "certified by Known Authority", "ai_training notAllowed"):
        assert any(words in line for line in rest), words


def test_a_program_reads_json_and_without_a_list_nobody_is_known(run: Run, signed: Path) -> None:
    told = json.loads(run(str(signed), "--json")[1])
    assert (told["state"], told["signer"], told["ai_made"]) == ("untrusted", "Ada's Camera", True)
    assert told["refuses_learning"] is True
    assert run(str(signed.with_name("photo.jpg"))) == (0, "none: No Content Credentials came with it.\n", "")


def test_what_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    code, out, errors = run(str(tmp_path / "absent.mp4"))
    assert (code, out) == (1, "")
    assert "absent.mp4: No such file or directory. Check the path." in errors
