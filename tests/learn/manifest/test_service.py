"""A model serves with its manifest or not at all, whatever somebody writes into the database."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.audit.learned import check_learned
from openforyou.audit.trust import trusted
from openforyou.catalog.rights.secrets import secrets_for
from openforyou.cli.commands import app
from openforyou.core.clock import ManualClock
from openforyou.core.ids import encode_id
from openforyou.learn import dataset as door
from openforyou.learn.manifest.asking import Asking
from openforyou.learn.manifest.checking import examine
from openforyou.learn.manifest.errors import BadManifest, NotAllowed, PastTheDoor
from openforyou.learn.manifest.service import Manifests, leaves_key
from openforyou.learn.manifest.signing import sign
from openforyou.learn.manifest.tree import CARRIED, LEAF_BYTES, Tree, key_of
from openforyou.learn.types import Model, ModelStatus, Options
from openforyou.ledger.errors import LedgerError
from openforyou.ledger.keys import SigningKey
from openforyou.ledger.source import FolderSource
from openforyou.web.application import create_app
from tests.conftest import NOW, _execute, _named
from tests.learn.watched import FIRST_ITEM, FIRST_VIEWER, Watched


@pytest.fixture(scope="module")
def watched(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A platform with one model in service: trained once, for nothing here changes it for good."""
    name = f"test_{uuid4().hex[:12]}"
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE template")
    clock = ManualClock(NOW)
    settings = Settings(data=tmp_path_factory.mktemp("manifest") / "data")
    with Platform(settings, clock=clock, database_url=_named(server_url, name)) as platform:
        made = Watched(platform, clock)
        made.models.train_from_events(Options(epochs=1))
        yield made
    _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def model(watched: Watched) -> Iterator[Model]:
    """The model in service; whatever a test writes over its record is put back."""
    (model,) = watched.models.list()
    yield model
    write(
        watched,
        "status = 'serving', reason = '', weights_sha256 = :sha, manifest = CAST(:manifest AS jsonb), "
        "signed = :signed, leaf_seq = :seq",
        sha=model.weights_sha256,
        manifest=json.dumps(dict(model.manifest)),
        signed=model.signed,
        seq=model.leaf_seq,
    )


def write(watched: Watched, change: str, **values: object) -> None:
    """As a superuser of the database does."""
    with watched.platform.database.begin() as connection:
        connection.execute(text(f"UPDATE models SET {change}"), values)


def test_what_serves_is_signed_and_in_the_log_and_says_what_it_learned_from(watched: Watched, model: Model) -> None:
    serving = watched.models.serving()
    assert serving is not None
    assert serving.name == encode_id(model.id)
    signed = watched.models.manifests.check(model)
    body = signed.body
    assert (body["model"], body["kind"], body["weights"]) == (encode_id(model.id), "trained", model.weights_sha256)
    assert (body["dataset"]["items"], body["dataset"]["viewers"]) == (len(watched.data.item_ids), 60)
    assert body["dataset"]["size"] == len(watched.data.item_ids) + 60
    assert {group["subject"]: group["count"] for group in body["rights"]["by"]} == {
        "item": len(watched.data.item_ids),
        "viewer": 60,
    }
    assert [one["name"] for one in body["encoders"]] == ["picture-1", "motion-1", "sound-1", "words-1"]
    assert body["metrics"] == model.manifest["metrics"]
    assert watched.models.manifests.tree(model).root.hex() == body["dataset"]["root"]
    said = json.dumps(body)
    assert not any(encode_id(FIRST_VIEWER + viewer) in said for viewer in range(60)), "it names nobody"


@pytest.mark.parametrize(
    "change",
    [
        "signed = ''",
        "signed = replace(signed, '\"trained\"', '\"updated\"')",
        "weights_sha256 = repeat('0', 64)",
        "manifest = manifest || '{\"seed\": 7}'",
    ],
)
def test_a_record_that_a_superuser_changed_does_not_serve_and_says_why(
    watched: Watched, model: Model, change: str
) -> None:
    write(watched, change)
    assert watched.models.serving() is None, "what was loaded before does not go on either"
    record = watched.models.get(model.id)
    assert record.status is ModelStatus.FAILED
    assert "manifest" in record.reason


def test_other_weights_under_a_manifest_made_up_for_them_do_not_serve(watched: Watched, model: Model) -> None:
    signed = watched.models.manifests.signed(model)
    path = watched.platform.blobs.local_path(model.blob_key)
    assert path is not None
    held = path.read_bytes()
    path.write_bytes(held[:-1] + bytes([held[-1] ^ 1]))
    try:
        another = watched.another()
        assert another.serving() is None
        assert "not those that were kept" in another.get(model.id).reason
    finally:
        path.write_bytes(held)
    body = {**signed.body, "weights": "0" * 64}
    forged = sign(body, SigningKey.generate(watched.platform.settings.log_key().name))
    write(watched, "status = 'serving', weights_sha256 = repeat('0', 64), signed = :signed", signed=forged.text)
    assert watched.models.serving() is None
    assert "not signed as it must be" in watched.models.get(model.id).reason
    ours = sign(body, watched.platform.settings.log_key())
    write(watched, "status = 'serving', signed = :signed", signed=ours.text)
    assert watched.models.serving() is None, "signed by whoever has the key, and never logged"
    assert "not in the log" in watched.models.get(model.id).reason


def test_data_from_elsewhere_gets_no_manifest(watched: Watched) -> None:
    manifests = watched.models.manifests
    data = door.from_events(watched.platform.database, watched.clock.now())
    assert len(manifests.draw(data).tree) == len(watched.data.item_ids) + 60
    for other in (replace(data), replace(data, name="mine"), door.without(data, times=False), watched.data):
        with pytest.raises(PastTheDoor):
            manifests.draw(other)


@pytest.mark.parametrize("kind", ["item", "viewer"])
def test_a_door_that_leaks_makes_no_manifest(watched: Watched, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The planted leak: the one filter is bypassed, and somebody who refuses comes through."""
    subject = FIRST_ITEM + 3 if kind == "item" else FIRST_VIEWER + 3
    held = door.rights_store.subjects_with
    watched.forbid(kind, subject)
    try:
        clean = door.from_events(watched.platform.database, watched.clock.now())
        watched.models.manifests.draw(clean)

        def leaks(connection: object, of: str, *rest: object) -> set[int]:
            return held(connection, of, *rest) | ({subject} if of == kind else set())  # type: ignore[arg-type]

        monkeypatch.setattr(door.rights_store, "subjects_with", leaks)
        leaked = door.from_events(watched.platform.database, watched.clock.now())
        with pytest.raises(NotAllowed, match=f"{kind} {encode_id(subject)}"):
            watched.models.manifests.draw(leaked)
    finally:
        watched.allow(kind, [subject])


PLANT = """
INSERT INTO rights (id, "right", subject_kind, subject_id, granted_by, evidence, since)
VALUES (1, 'learn', 'viewer', :viewer, 'viewer:x', 'chosen by the viewer', '2020-01-01')
"""
UNDONE = "right_events WHERE act = 'withdraw' AND subject_kind = 'viewer' AND subject_id = :viewer"


def test_a_grant_that_is_only_in_the_tables_is_none(watched: Watched) -> None:
    """Consent forged by whoever may write the database: the table that the door asks, and the words themselves."""
    viewer, platform = FIRST_VIEWER + 5, watched.platform
    watched.forbid("viewer", viewer)
    platform.log.step()
    platform.log.close()

    def execute(*statements: str) -> None:
        with platform.database.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), {"viewer": viewer})

    try:
        execute(PLANT, f"CREATE TABLE kept AS SELECT * FROM {UNDONE}")
        data = door.from_events(platform.database, watched.clock.now())
        assert viewer in data.sequences.viewer_ids, "the door believed the table"
        with pytest.raises(NotAllowed, match=encode_id(viewer)):
            watched.models.manifests.draw(data)
        execute(f"UPDATE {UNDONE}".replace("WHERE", "SET act = 'grant' WHERE"))
        with pytest.raises(NotAllowed, match=encode_id(viewer)):
            watched.models.manifests.draw(data)
        execute("DELETE FROM right_events USING kept WHERE right_events.id = kept.id")
        with pytest.raises(NotAllowed, match="words about rights"):
            watched.models.manifests.draw(data)
    finally:
        execute("DELETE FROM rights WHERE id = 1", "DELETE FROM right_events WHERE id IN (SELECT id FROM kept)")
        execute("INSERT INTO right_events SELECT * FROM kept", "DROP TABLE kept")
        watched.allow("viewer", [viewer])


def test_whoever_asks_is_told_with_proof_and_a_proof_cannot_be_bent(watched: Watched, model: Model) -> None:
    asking = Asking(watched.platform.database, watched.models.manifests)
    strangers = [FIRST_VIEWER + 900 + number for number in range(8)]
    told = asking.learned_from(
        [("item", FIRST_ITEM), ("viewer", FIRST_VIEWER), *(("viewer", one) for one in strangers)]
    )
    file = asking.file(told)
    as_it_is = [True, True, *[False] * 8]
    assert [answer.learned for answer in told.answers] == as_it_is
    assert [answer.as_dict()["right"] is not None for answer in told.answers] == as_it_is
    assert told.answers[0].since == model.created_at
    settings = watched.platform.settings
    trust = trusted(FolderSource(settings.log_folder), vkey=settings.log_key().vkey(), policy=None, remembered=None)
    now = datetime.now(UTC)
    shown = check_learned(json.dumps(file).encode(), trust, now).shown
    assert [one.learned for one in shown] == as_it_is
    assert all(one.leaf is not None for one in shown)
    assert [one.is_bound for one in shown] == as_it_is, "of the strangers nothing was ever said"
    for name, value in (("secret", file["subjects"][0]["secret"]), ("id", encode_id(FIRST_VIEWER))):
        bent = json.loads(json.dumps(file))  # of eight, not each can lie between the same neighbours by chance
        for about in bent["subjects"][2:]:
            about[name] = value
        with pytest.raises(BadManifest):
            check_learned(json.dumps(bent).encode(), trust, now)
    text_of = json.dumps(file)
    name = encode_id(model.id)
    other = SigningKey.generate("elsewhere")
    for before, after, error in (
        (file["subjects"][0]["secret"], "5" * 64, LedgerError),
        (json.dumps(file["subjects"][0]["word"]), json.dumps(file["subjects"][1]["word"]), BadManifest),
        (json.dumps(file["subjects"][0]["word"]["said"])[1:-1], "{}", BadManifest),
        ('"kind": "viewer"', '"kind": "item"', BadManifest),
        (file["subjects"][0]["proofs"][name][0]["leaf"], "00" * 64, BadManifest),
        (json.dumps(file["models"][name]["receipt"])[1:60], "c2sp.org/tlog-proof@v9", LedgerError),
        (f"{settings.log_key().name} ", f"{other.name} ", BadManifest),
    ):
        assert before in text_of
        with pytest.raises(error):
            check_learned(text_of.replace(before, after).encode(), trust, now)


def test_leaves_that_were_changed_are_known_by_their_root(watched: Watched, model: Model) -> None:
    path = watched.platform.blobs.local_path(leaves_key(model.id))
    assert path is not None
    held = path.read_bytes()
    fresh = Manifests(
        watched.platform.database,
        watched.platform.blobs,
        watched.platform.settings.log_folder,
        watched.platform.settings.log_key,
    )
    path.write_bytes(held[LEAF_BYTES:])
    try:
        with pytest.raises(BadManifest, match="not those of its manifest"):
            fresh.tree(model)
    finally:
        path.write_bytes(held)
    assert fresh.tree(model).root == fresh.signed(model).root


def test_the_check_from_the_leaves_to_the_rights_finds_what_has_none(watched: Watched, model: Model) -> None:
    """A planted leak that was signed all the same: by a program without the second wall."""
    manifests, database = watched.models.manifests, watched.platform.database
    assert [(one.what, one.ok) for one in examine(database, manifests, model)] == [
        (what, True) for what in ("signature", "registry", "log", "leaves", "rights")
    ]
    stranger = FIRST_VIEWER + 700
    signed = manifests.signed(model)
    tree = Tree.of(
        dict.fromkeys([*manifests.tree(model).keys, stranger_key(watched, stranger)], CARRIED[:-1] + b"\x01")
    )
    path = watched.platform.blobs.local_path(leaves_key(model.id))
    assert path is not None
    held = path.read_bytes()
    path.write_bytes(tree.format())
    dataset = {**signed.body["dataset"], "root": tree.root.hex(), "size": len(tree)}
    forged = sign({**signed.body, "dataset": dataset}, watched.platform.settings.log_key())
    write(watched, "signed = :signed", signed=forged.text)
    try:
        found = {one.what: one for one in examine(database, manifests, watched.models.get(model.id))}
        assert not found["log"].ok
        assert not found["rights"].ok
        assert found["rights"].says.startswith("1 of ")
    finally:
        path.write_bytes(held)


def stranger_key(watched: Watched, viewer: int) -> bytes:
    (model,) = watched.models.list()
    with watched.platform.database.begin() as connection:
        secret = secrets_for(connection, "viewer", [viewer])[viewer]
    return key_of(secret, watched.models.manifests.signed(model).nonce, "viewer", viewer)


def test_the_checks_by_hand_of_the_docs_hold(watched: Watched, model: Model, tmp_path: Path) -> None:
    """Every block of docs/models.md, as it stands there, with nothing of ours but what is public."""
    settings = watched.platform.settings
    asking = Asking(watched.platform.database, watched.models.manifests)
    stranger = FIRST_VIEWER + 901
    told = asking.learned_from([("viewer", FIRST_VIEWER), ("item", FIRST_ITEM), ("viewer", stranger)])
    (tmp_path / "learned-from-me.json").write_text(json.dumps(asking.file(told)))
    (tmp_path / "M.json").write_text(json.dumps(asking.manifest(model)))
    (tmp_path / "M.leaves").write_bytes(watched.models.manifests.tree(model).format())
    (tmp_path / "log.vkey").write_text(settings.log_key().vkey() + "\n")
    paper = (Path(__file__).parents[3] / "docs" / "models.md").read_text()
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", paper, re.S))
    python = "\n".join(re.findall(r"```python\n(.*?)```", paper, re.S))
    done = subprocess.run(["sh", "-ec", shell], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert watched.models.manifests.signed(model).digest in done.stdout
    assert "Verified Successfully" in done.stdout
    done = subprocess.run([sys.executable, "-Ic", python], cwd=tmp_path, capture_output=True, text=True, check=True)
    *found, leaf = done.stdout.splitlines()
    assert [line.split()[-1] for line in found] == ["True", "True", "False"]
    assert bytes.fromhex(leaf) == watched.models.manifests.signed(model).leaf()
    (tmp_path / "manifest.json").write_bytes((tmp_path / "manifest.json").read_bytes().replace(b"trained", b"updated"))
    verify = shell[shell.index("openssl") :]
    done = subprocess.run(["sh", "-ec", verify], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_pages_and_programs_are_told_the_same(watched: Watched, model: Model, tmp_path: Path) -> None:
    name, proofs = encode_id(model.id), tmp_path / "me.json"
    settings = watched.platform.settings
    with TestClient(create_app(watched.platform), base_url="http://localhost:8000") as client:
        client.get("/v1/feed")
        (card,) = client.get("/v1/models").json()["models"]
        assert (card["id"], card["status"], card["viewers"]) == (name, "serving", 60)
        manifest = client.get(f"/v1/models/{name}/manifest").json()
        assert manifest["manifest"] == model.signed
        assert (
            len(client.get(f"/v1/models/{name}/leaves").content)
            == LEAF_BYTES * watched.models.manifests.signed(model).size
        )
        (answer,) = client.get("/v1/learned-from/me").json()["answers"]
        assert (answer["kind"], answer["model"], answer["learned"], answer["right"]) == ("viewer", name, False, None)
        proofs.write_bytes(client.get("/v1/learned-from/me/proofs").content)
        assert client.get(f"/v1/models/{encode_id(77)}/manifest").status_code == 404
        told = client.get("/v1/training-summary").json()
        (one,) = told["models"]
        by_source = [share for share in one["shares"] if (share["of"], share["by"]) == ("items", "source")]
        assert by_source == [
            {"of": "items", "by": "source", "name": "upload", "count": len(watched.data.item_ids), "share": 1.0}
        ]
        assert "No model learned from it" in client.get("/learned").text
        assert name in client.get("/training").text
    run = CliRunner()
    vkey = ["--vkey", settings.log_key().vkey()]
    done = run.invoke(app, ["verify", "--proof", str(proofs), *vkey, "--json"])
    assert done.exit_code == 0, done.output
    assert [shown["learned"] for shown in json.loads(done.output)["proofs"]] == [False]
    proofs.write_text(proofs.read_text().replace(name, encode_id(77)))
    done = run.invoke(app, ["verify", "--proof", str(proofs), *vkey, "--json"])
    assert done.exit_code == 1
    assert json.loads(done.output)["ok"] is False
