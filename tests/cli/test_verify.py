"""`openforyou verify`: what it prints and how it exits, on true platforms and false ones."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.commands import app
from openforyou.core.errors import OpenForYouError
from openforyou.core.ids import ViewerId, encode_id
from openforyou.events.types import EventType
from openforyou.ledger.keys import Algorithm, SigningKey
from tests.audit.conftest import ITEMS, Lived
from tests.audit.servers import dripping
from tests.web.pages.conftest import serving

WAIT_S = 60


@pytest.fixture
def lived(database_url: str, tmp_path: Path) -> Iterator[Lived]:
    """400 events that happened today."""
    with Platform(Settings(data=tmp_path / "data"), database_url=database_url) as platform:
        made = Lived(platform, random.Random(5))
        made.happen(300)
        made.happen(100)
        yield made


class Run:
    """A run of the command: its exit code, and what it said."""

    def __init__(self, *arguments: object, database_url: str = "") -> None:
        environment = {"DATABASE_URL": database_url or None, "COLUMNS": "120"}
        done = CliRunner().invoke(app, ["verify", *map(str, arguments)], env=environment)
        assert done.exception is None or isinstance(done.exception, SystemExit | OpenForYouError), done.exception
        self.code, self.said = done.exit_code, done.stdout
        self.errors = str(done.exception)

    @property
    def json(self) -> Any:
        return json.loads(self.said)


def kinds(run: Run) -> list[str]:
    assert run.code == 1
    assert run.json["ok"] is False
    return [problem["kind"] for problem in run.json["problems"]]


# Platforms


def test_a_true_server_passes(lived: Lived) -> None:
    with serving(lived.platform) as port:
        told = Run(f"http://127.0.0.1:{port}", "--json")
        shown = Run(f"http://127.0.0.1:{port}/")
    assert told.code == shown.code == 0, told.said
    assert set(told.json) >= {"ok", "log", "witnesses", "leaves", "items", "creators", "problems", "seconds"}
    assert told.json["ok"] is True
    assert told.json["problems"] == []
    assert told.json["checked"] == ["log", "leaves", "counts", "policies"]
    assert told.json["leaves"] == len(lived.leaves())
    assert "All of it is right" in shown.said
    assert "from the server itself, which nobody vouches for" in " ".join(shown.said.split())


def test_an_inflated_number_is_named(lived: Lived, database_url: str) -> None:
    lived.execute("UPDATE item_counts SET likes = likes + 40 WHERE item_id = :item", item=ITEMS[0])
    told = Run(lived.platform.settings.data, "--json", database_url=database_url)
    assert kinds(told) == ["count"]
    [problem] = told.json["problems"]
    assert (problem["item"], problem["count"]) == (encode_id(ITEMS[0]), "likes")
    assert problem["shown"] == problem["true"] + 40
    shown = Run(lived.platform.settings.data, database_url=database_url)
    assert shown.code == 1
    assert encode_id(ITEMS[0]) in shown.said
    assert "One thing is wrong" in shown.said


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    started = [sys.executable, "-m", "openforyou", "verify", *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(started, env=environment, capture_output=True, text=True, check=False, timeout=WAIT_S)


def test_a_data_folder_with_its_own_database() -> None:
    # Not under pytest's own folder: see `server_url`.
    with TemporaryDirectory(prefix="openforyou-") as folder:
        with Platform(Settings(data=Path(folder) / "own")) as platform:
            Lived(platform, random.Random(5)).happen(50)
            running = command(Path(folder) / "own", "--json")
        stopped = command(Path(folder) / "own", "--json")
    for run in (running, stopped):
        assert run.returncode == 0, run.stdout + run.stderr
        assert "counts" in json.loads(run.stdout)["checked"]


def test_a_folder_without_a_database_is_the_log_alone_and_says_so(lived: Lived) -> None:
    for folder in (lived.platform.settings.data, lived.platform.settings.log_folder):
        told, shown = Run(folder, "--json"), Run(folder)
        assert told.code == 0
        assert told.json["checked"] == ["log", "leaves"]
        assert "none were compared" in shown.said
        assert "All of it" not in shown.said
    assert not (lived.platform.settings.data / "postgres").exists(), "looking makes no database"


def test_a_copy_of_the_log_on_another_server(lived: Lived, tmp_path: Path) -> None:
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *told: Any) -> None:
            super().__init__(*told, directory=str(lived.platform.settings.log_folder))

        def log_message(self, *told: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        told = Run(f"http://127.0.0.1:{server.server_port}", "--json")
    finally:
        server.shutdown()
        server.server_close()
    assert told.code == 0, told.said
    assert told.json["checked"] == ["log", "leaves"]


def test_the_exit_code_and_the_error_of_the_command_itself(lived: Lived) -> None:
    assert command(lived.platform.settings.log_folder).returncode == 0
    (lived.platform.settings.log_folder / "vkey").unlink()
    wrong = command(lived.platform.settings.log_folder)
    assert wrong.returncode == 1
    assert "error: vkey is missing" in wrong.stderr


# Trust


def test_what_is_remembered_must_go_on(lived: Lived, tmp_path: Path) -> None:
    folder, memory = lived.platform.settings.log_folder, tmp_path / "seen"
    assert Run(folder, "--remember", memory).code == 0
    first = memory.read_bytes()
    old = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "checkpoint"}
    checkpoint = (folder / "checkpoint").read_bytes()
    lived.happen(50)
    told = Run(folder, "--remember", memory, "--json")
    assert told.json["log"]["key_from"] == "remembered"
    assert memory.read_bytes() != first
    (folder / "checkpoint").write_bytes(checkpoint)
    for path, data in old.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    kept = memory.read_bytes()
    assert kinds(Run(folder, "--remember", memory, "--json")) == ["rolled_back"]
    assert memory.read_bytes() == kept, "what was seen stays seen"


def test_a_memory_that_is_damaged_is_no_first_time(lived: Lived, tmp_path: Path) -> None:
    memory = tmp_path / "seen"
    memory.write_text("nonsense")
    assert kinds(Run(lived.platform.settings.log_folder, "--remember", memory, "--json")) == ["bad_memory"]


def test_another_key_is_named(lived: Lived, tmp_path: Path) -> None:
    folder = lived.platform.settings.log_folder
    true = (folder / "vkey").read_text().strip()
    assert Run(folder, "--vkey", true).code == 0
    other = SigningKey.generate(lived.platform.settings.log_key().name).vkey()
    assert kinds(Run(folder, "--vkey", other, "--json")) == ["bad_signature"]
    memory = tmp_path / "seen"
    assert Run(folder, "--remember", memory).code == 0
    assert kinds(Run(folder, "--vkey", other, "--remember", memory, "--json")) == ["other_key"]


def test_a_quorum_is_demanded(lived: Lived, tmp_path: Path) -> None:
    witness = SigningKey.generate("witness.example", Algorithm.ED25519_COSIGNATURE)
    policy = tmp_path / "policy"
    policy.write_text(f"witness w {witness.vkey()}\nquorum w\n")
    assert kinds(Run(lived.platform.settings.log_folder, "--policy", policy, "--json")) == ["no_quorum"]
    policy.write_text(f"witness w {witness.vkey()}\nquorum none\n")
    assert Run(lived.platform.settings.log_folder, "--policy", policy).code == 0


# Receipts


def test_a_receipt_is_checked_without_the_log(lived: Lived, tmp_path: Path) -> None:
    event = lived.event(ITEMS[2], EventType.SHARE)  # type: ignore[arg-type]
    event = event.__class__(**{**{name: getattr(event, name) for name in event.__slots__}, "viewer_id": ViewerId(777)})
    lived.platform.events.accept([event])
    lived.platform.log.step()
    leaf, proof = lived.platform.receipts.receipt(ViewerId(777), event.id)
    receipt = tmp_path / "share.tlog-proof"
    receipt.write_bytes(proof.format())
    vkey = lived.platform.settings.log_key().vkey()
    good = Run("--receipt", receipt, "--leaf", leaf.hex(), "--vkey", vkey, "--json")
    assert good.code == 0, good.said
    assert good.json["leaf"] == proof.index
    assert f"share of item {encode_id(ITEMS[2])}" in good.json["says"]
    assert "It stands in the log" in Run("--receipt", receipt, "--leaf", leaf.hex(), "--vkey", vkey).said
    other = bytes([*leaf[:-1], leaf[-1] ^ 1])
    assert kinds(Run("--receipt", receipt, "--leaf", other.hex(), "--vkey", vkey, "--json")) == ["bad_proof"]
    wrong = SigningKey.generate("other.example").vkey()
    assert kinds(Run("--receipt", receipt, "--leaf", leaf.hex(), "--vkey", wrong, "--json")) == ["bad_signature"]
    assert Run(lived.platform.settings.log_folder, "--receipt", receipt, "--leaf", leaf.hex()).code == 0


# What cannot be checked


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing to verify"),
        (("nowhere",), "There is no log in nowhere"),
        (("http://127.0.0.1:1",), "http://127.0.0.1:1/log/checkpoint"),
        (("ftp://x",), "There is no log"),
        (("x", "--leaf", "00"), "Give both --receipt FILE and --leaf HEX"),
        (("--receipt", "none", "--leaf", "00"), "none cannot be read"),
        (("x", "--policy", "none"), "none cannot be read"),
    ],
)
def test_what_cannot_be_checked_is_an_error_that_names_it(arguments: tuple[str, ...], said: str) -> None:
    run, told = Run(*arguments), Run(*arguments, "--json")
    assert run.code == told.code == 1
    assert said in run.errors
    assert said in told.json["problems"][0]["says"]


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"], ids=["silent", "drips"])
def test_a_server_that_hangs_ends_with_an_error(first: bytes) -> None:
    with dripping(first) as url:
        told = Run(url, "--timeout", "0.5", "--json")
    assert kinds(told) == ["source_failed"]
    assert f"{url}/log/checkpoint did not answer" in told.json["problems"][0]["says"]
