"""A platform whose log is witnessed: nothing is published without the quorum, nothing is lost without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.app.witnesses import witness_policy
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput
from openforyou.events.leaf import encode_record
from openforyou.events.log import store
from openforyou.ledger.disk import RealDisk
from openforyou.ledger.errors import LedgerError, NoQuorum
from openforyou.ledger.policy import Policy
from openforyou.ledger.submission import Submission
from openforyou.ledger.witness import Witness
from openforyou.ledger.witness_policy import Asked, write_policy
from tests.ledger.growing import witness_keys
from tests.ledger.serving import Answer, scripted

LEAF = {"since": "2026-05-01T11:59:00Z", "until": "2026-05-01T12:00:00Z", "by_reason": {"too_fast": 1}}


def enqueue(platform: Platform, leaves: int) -> None:
    with platform.database.begin() as connection:
        store.enqueue(connection, [encode_record("refused", {**LEAF, "number": n}) for n in range(leaves)])


def folded(platform: Platform) -> int:
    """The log's size at which the shown numbers hold."""
    with platform.database.connect() as connection:
        return store.state(connection).folded


def test_what_is_accepted_without_a_quorum_waits_and_is_published_with_one(
    tmp_path: Path, database_url: str, clock: ManualClock
) -> None:
    plain = Settings(data=tmp_path / "data")
    keys = witness_keys()
    witness = Witness(RealDisk(tmp_path / "witness"), keys, [plain.log_key().verifying])
    is_down = [False]

    def script(sent: Submission) -> Answer:
        if is_down[0]:
            return Answer(503, b"Back soon.\n")
        try:
            return Answer(200, witness.add_checkpoint(sent.format()))
        except LedgerError as error:
            return Answer(422, str(error).encode())

    with scripted(script) as address:
        asked = Asked(tuple(key.verifying for key in keys), address)
        policy = write_policy([plain.log_key().verifying], [asked], 1)
        (tmp_path / "policy").write_text(policy)
        settings = plain.model_copy(update={"witness_policy": str(tmp_path / "policy")})
        checkpoint = settings.log_folder / "checkpoint"
        with Platform(settings, clock=clock, database_url=database_url) as platform:
            enqueue(platform, 3)
            assert platform.log.step() == 3
            shown = checkpoint.read_bytes()
            assert len(Policy.parse(policy).check(shown).witnesses) == 2
            is_down[0] = True
            enqueue(platform, 2)
            for _ in range(2):
                with pytest.raises(NoQuorum, match=r"answered 503: Back soon\."):
                    platform.log.step()
            assert checkpoint.read_bytes() == shown
            assert folded(platform) == 3
            is_down[0] = False
            assert platform.log.step() == 5
            assert folded(platform) == 5
            assert Policy.parse(policy).check(checkpoint.read_bytes()).checkpoint.size == 5
    witness.close()


def test_without_the_setting_nobody_is_asked(tmp_path: Path) -> None:
    assert witness_policy(Settings(data=tmp_path)) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "No such file"),
        ("quorum nobody\n", "line 1: 'nobody' is not defined"),
        (f"witness w {witness_keys()[0].vkey()} ftp://w.example\nquorum w\n", "the witness w has the address"),
    ],
)
def test_a_policy_that_cannot_be_used_is_named_at_the_start(
    tmp_path: Path, database_url: str, text: str | None, said: str
) -> None:
    path = tmp_path / "policy"
    if text is not None:
        path.write_text(text)
    settings = Settings(data=tmp_path / "data", witness_policy=str(path))
    with pytest.raises(BadInput, match=f"{path}.*{said}"):
        Platform(settings, database_url=database_url)
