"""Checkpoints: the example of tlog-checkpoint, real ones, and what must not be taken for one."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.ledger.checkpoint import (
    Checkpoint,
    open_checkpoint,
    parse_body,
    parse_checkpoint,
    sign,
    verify_log,
)
from openforyou.ledger.errors import BadNote, BadSignature
from openforyou.ledger.merkle import EMPTY_ROOT, SIZE_MAX
from openforyou.ledger.note import Algorithm, Note, Signature, SigningKey, VerifyingKey
from openforyou.ledger.note import sign as sign_text

PUBLISHED = Path(__file__).parent / "published"
EXAMPLE = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa \
Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""
ROOT = base64.b64encode(bytes(range(32))).decode()
KEY = SigningKey("log.example", Algorithm.ED25519, bytes(range(32)))
PQ_KEY = SigningKey("log.example", Algorithm.MLDSA44_COSIGNATURE, bytes(range(32)))
HEAD = Checkpoint("log.example", 5, bytes(range(32)))


def test_the_example_is_read_and_written_back() -> None:
    checkpoint, note = parse_checkpoint(EXAMPLE.encode())
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    assert checkpoint.extensions == ()
    assert Note(checkpoint.body(), note.signatures).format() == EXAMPLE.encode()


def test_a_real_log_signed_its_checkpoint() -> None:
    """Beside one of a type that is unknown here (0x05), which is passed over."""
    data = (PUBLISHED / "arche2025h1.checkpoint").read_bytes()
    key = VerifyingKey.from_vkey(
        "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
    )
    assert open_checkpoint(data, key).size == 1432088532
    with pytest.raises(BadSignature, match="does not verify"):
        open_checkpoint(data.replace(b"1432088532", b"1432088533"), key)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("", "an origin, a size and a root hash"),
        ("log.example\n5\n", "an origin, a size and a root hash"),
        (f"log.example\n5\n{ROOT}", "an origin, a size and a root hash"),
        (f"\n5\n{ROOT}\n", "not empty"),
        (f"log.example\n\n5\n{ROOT}\n", "not a tree size"),
        (f"log.example\n05\n{ROOT}\n", "not a tree size"),
        (f"log.example\n00\n{ROOT}\n", "not a tree size"),
        (f"log.example\n+5\n{ROOT}\n", "not a tree size"),
        (f"log.example\n-5\n{ROOT}\n", "not a tree size"),
        (f"log.example\n5 \n{ROOT}\n", "not a tree size"),
        (f"log.example\n5_0\n{ROOT}\n", "not a tree size"),
        (f"log.example\n\u0665\n{ROOT}\n", "not a tree size"),
        (f"log.example\n{'9' * 5_000}\n{ROOT}\n", "not a tree size"),
        (f"log.example\n{SIZE_MAX + 1}\n{ROOT}\n", "not the size of a tree"),
        (f"log.example\n5\n{ROOT[:-1]}\n", "not a root hash"),
        (f"log.example\n5\n{ROOT[:-4]}\n", "30 bytes, not 32"),
        (f"log.example\n5\n{ROOT} \n", "not a root hash"),
        ("log.example\n5\n\n", "0 bytes, not 32"),
        (f"log.example\n0\n{ROOT}\n", "not that of the empty tree"),
        (f"log.example\n5\n{ROOT}\n\n", "not empty"),
        (f"log.example\n5\n{ROOT}\next\n\next\n", "not empty"),
        (f"log\texample\n5\n{ROOT}\n", "control character"),
    ],
)
def test_what_is_no_checkpoint(body: str, wrong: str) -> None:
    with pytest.raises(BadNote, match=wrong):
        parse_body(body)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20),
    st.integers(1, SIZE_MAX),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=9), max_size=3),
)
def test_a_checkpoint_survives_its_text(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert parse_body(checkpoint.body()) == checkpoint


def test_the_largest_tree_has_a_checkpoint() -> None:
    assert parse_body(f"log.example\n{SIZE_MAX}\n{ROOT}\n").size == 2**63 - 1


def test_the_empty_tree_has_a_checkpoint() -> None:
    empty = Checkpoint("log.example", 0, EMPTY_ROOT)
    assert open_checkpoint(sign(empty, KEY), KEY.verifying) == empty


@pytest.mark.parametrize("key", [KEY, PQ_KEY], ids=["Ed25519", "ML-DSA-44"])
def test_what_a_log_signs_opens_with_its_key_and_no_other(key: SigningKey) -> None:
    signed = sign(HEAD, key)
    assert open_checkpoint(signed, key.verifying) == HEAD
    assert signed.startswith(f"log.example\n5\n{ROOT}\n\n— log.example ".encode())
    stranger = SigningKey("log.example", key.algorithm, bytes(32))
    with pytest.raises(BadSignature, match=r"log\.example is not signed by log\.example"):
        open_checkpoint(signed, stranger.verifying)
    for changed in (replace(HEAD, size=6), replace(HEAD, root=bytes(32))):
        _, note = parse_checkpoint(signed)
        forged = Note(changed.body(), note.signatures).format()
        with pytest.raises(BadSignature, match="does not verify"):
            open_checkpoint(forged, key.verifying)


def test_a_log_may_sign_twice_and_either_key_opens_it() -> None:
    signed = sign(HEAD, KEY, PQ_KEY)
    for key in (KEY, PQ_KEY):
        assert open_checkpoint(signed, key.verifying) == HEAD
    checkpoint, note = parse_checkpoint(signed)
    assert verify_log(checkpoint, note, [PQ_KEY.verifying, KEY.verifying]) == PQ_KEY.verifying


def test_a_key_speaks_only_for_the_log_of_its_name() -> None:
    other = Checkpoint("other.example", 5, bytes(32))
    with pytest.raises(BadNote, match="does not sign for the log"):
        sign(other, KEY)
    with pytest.raises(BadSignature, match=r"other\.example is not signed by"):
        open_checkpoint(sign_text(other.body(), KEY), KEY.verifying)


def test_extension_lines_are_signed_by_ed25519_and_by_ml_dsa_refused() -> None:
    extended = replace(HEAD, extensions=("more",))
    assert open_checkpoint(sign(extended, KEY), KEY.verifying) == extended
    with pytest.raises(BadNote, match="does not cover extension lines"):
        sign(extended, PQ_KEY)
    _, note = parse_checkpoint(sign(HEAD, PQ_KEY))
    with pytest.raises(BadSignature, match="does not cover the extension lines"):
        open_checkpoint(Note(extended.body(), note.signatures).format(), PQ_KEY.verifying)


def test_one_good_signature_does_not_cover_for_a_bad_one() -> None:
    checkpoint, note = parse_checkpoint(sign(HEAD, KEY))
    doubled = note.with_signatures([Signature(KEY.name, KEY.key_id, bytes(64))])
    with pytest.raises(BadSignature, match="does not verify"):
        verify_log(checkpoint, doubled, [KEY.verifying])
    with pytest.raises(BadSignature, match="no log at all"):
        verify_log(checkpoint, note, [])
