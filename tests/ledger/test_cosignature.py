"""Cosignatures of both types: real ones of public witnesses, the messages byte for byte, and forgeries."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openforyou.ledger import cosignature
from openforyou.ledger.checkpoint import Checkpoint, parse_checkpoint
from openforyou.ledger.cosignature import CLOCK_SKEW_MAX_S, TIME_MAX_S, cosign, is_from_the_future
from openforyou.ledger.errors import BadNote, BadSignature
from openforyou.ledger.note import Algorithm, Signature, SigningKey, VerifyingKey

PUBLISHED = Path(__file__).parent / "published"
# The example of tlog-cosignature; it gives no keys, but the time that is signed.
EXAMPLE = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa \
Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 \
jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
EXAMPLE_TIME_S = 1679315147
HEAD = parse_checkpoint(EXAMPLE.encode())[0]

ED25519 = SigningKey("witness.example.com/w1", Algorithm.ED25519_COSIGNATURE, bytes(range(32)))
ML_DSA = SigningKey("witness.example.com/w1", Algorithm.MLDSA44_COSIGNATURE, bytes(range(32)))
both = pytest.mark.parametrize("key", [ED25519, ML_DSA], ids=["Ed25519", "ML-DSA-44"])


def test_the_example_is_read_and_written_back() -> None:
    _, note = parse_checkpoint(EXAMPLE.encode())
    line = note.signatures[1]
    assert (line.name, line.key_id, len(line.data)) == ("witness.example.com/w1", 0x8D66CF3F, 8 + 64)
    assert int.from_bytes(line.data[:8], "big") == EXAMPLE_TIME_S
    assert note.format() == EXAMPLE.encode()


@pytest.mark.parametrize(
    "vkey",
    [
        "witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G",
        (PUBLISHED / "navigli.vkey").read_text().strip(),
    ],
    ids=["Ed25519", "ML-DSA-44"],
)
def test_a_real_witness_cosigned_with_both_its_keys(vkey: str) -> None:
    checkpoint, note = parse_checkpoint((PUBLISHED / "coachandhorses.checkpoint").read_bytes())
    key = VerifyingKey.from_vkey(vkey)
    [line] = [line for line in note.signatures if line.is_by(key)]
    assert cosignature.verify(checkpoint, line, key) == 1785704691
    for changed in (replace(checkpoint, size=1), replace(checkpoint, origin="a"), replace(checkpoint, root=bytes(32))):
        with pytest.raises(BadSignature, match="does not verify"):
            cosignature.verify(changed, line, key)


def test_the_message_of_an_ed25519_cosignature() -> None:
    message = (
        "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )
    line = cosign(HEAD, ED25519, EXAMPLE_TIME_S)
    assert line.data[:8] == struct.pack(">Q", EXAMPLE_TIME_S)
    assert ED25519.verifying.verifies(line.data[8:], message.encode())
    assert line.key_id == ED25519.key_id
    assert line.line().startswith("— witness.example.com/w1 ")


def test_the_message_of_an_ml_dsa_cosignature() -> None:
    message = (
        b"subtree/v1\n\x00"
        + b"\x16witness.example.com/w1"
        + struct.pack(">Q", EXAMPLE_TIME_S)
        + b"\x1bexample.com/behind-the-sofa"
        + struct.pack(">QQ", 0, 20852163)
        + HEAD.root
    )
    line = cosign(HEAD, ML_DSA, EXAMPLE_TIME_S)
    assert line.data[:8] == struct.pack(">Q", EXAMPLE_TIME_S)
    assert ML_DSA.verifying.verifies(line.data[8:], message)


@both
def test_a_cosignature_is_for_one_checkpoint_one_key_one_time(key: SigningKey) -> None:
    line = cosign(HEAD, key, EXAMPLE_TIME_S)
    assert cosignature.verify(HEAD, line, key.verifying) == EXAMPLE_TIME_S
    later = Signature(line.name, line.key_id, struct.pack(">Q", EXAMPLE_TIME_S + 1) + line.data[8:])
    with pytest.raises(BadSignature, match="does not verify"):
        cosignature.verify(HEAD, later, key.verifying)
    for changed in (replace(HEAD, size=1), replace(HEAD, origin="a"), replace(HEAD, root=bytes(32))):
        with pytest.raises(BadSignature, match="does not verify"):
            cosignature.verify(changed, line, key.verifying)
    stranger = SigningKey(key.name, key.algorithm, bytes(32))
    with pytest.raises(BadSignature, match="not a cosignature by"):
        cosignature.verify(HEAD, line, stranger.verifying)
    disguised = Signature(stranger.name, stranger.key_id, line.data)
    with pytest.raises(BadSignature, match="does not verify"):
        cosignature.verify(HEAD, disguised, stranger.verifying)


@both
@pytest.mark.parametrize("data", [b"", b"\x00" * 7, b"\x00" * 8, b"\x00" * 72, b"\x00" * 2428, b"\x00" * 5000])
def test_what_is_no_cosignature(key: SigningKey, data: bytes) -> None:
    with pytest.raises(BadSignature):
        cosignature.verify(HEAD, Signature(key.name, key.key_id, data), key.verifying)


@both
def test_times_run_from_0_to_the_limit(key: SigningKey) -> None:
    assert TIME_MAX_S == 2**63 - 1
    for at_s in (0, 1, TIME_MAX_S):
        assert cosignature.verify(HEAD, cosign(HEAD, key, at_s), key.verifying) == at_s
    for at_s in (-1, TIME_MAX_S + 1):
        with pytest.raises(ValueError, match="is not a time"):
            cosign(HEAD, key, at_s)


def test_a_time_beyond_the_limit_is_refused_even_if_it_was_signed() -> None:
    at_s = TIME_MAX_S + 1
    bare = ED25519.sign_bytes(f"cosignature/v1\ntime {at_s}\n{HEAD.body()}".encode())
    with pytest.raises(BadSignature, match="not a cosignature"):
        cosignature.verify(HEAD, Signature.by(ED25519, struct.pack(">Q", at_s) + bare), ED25519.verifying)


def test_extension_lines_are_covered_by_ed25519_only() -> None:
    extended = replace(HEAD, extensions=("more",))
    with pytest.raises(BadSignature):
        cosignature.verify(extended, cosign(HEAD, ED25519, 1), ED25519.verifying)
    assert cosignature.verify(extended, cosign(HEAD, ML_DSA, 1), ML_DSA.verifying) == 1


def test_ml_dsa_covers_the_name_of_the_witness() -> None:
    """Ed25519 does not, which is why two witnesses must not share such a key."""
    alias = SigningKey("alias.example", Algorithm.MLDSA44_COSIGNATURE, bytes(range(32)))
    line = cosign(HEAD, ML_DSA, 1)
    with pytest.raises(BadSignature, match="does not verify"):
        cosignature.verify(HEAD, Signature(alias.name, alias.key_id, line.data), alias.verifying)


def test_ml_dsa_holds_names_of_255_bytes() -> None:
    longest, longer = (Checkpoint("o" * length, 5, bytes(32)) for length in (255, 256))
    line = cosign(longest, ML_DSA, 1)
    assert cosignature.verify(longest, line, ML_DSA.verifying) == 1
    with pytest.raises(BadNote, match="256 bytes"):
        cosign(longer, ML_DSA, 1)
    with pytest.raises(BadSignature, match="256 bytes"):
        cosignature.verify(longer, line, ML_DSA.verifying)
    with pytest.raises(BadNote, match="300 bytes"):
        cosign(longest, SigningKey("é" * 150, Algorithm.MLDSA44_COSIGNATURE, bytes(32)), 1)


def test_a_plain_key_is_no_witness() -> None:
    log = SigningKey("log.example", Algorithm.ED25519, bytes(32))
    with pytest.raises(ValueError, match="not a key for cosignatures"):
        cosign(HEAD, log, 1)
    with pytest.raises(ValueError, match="not a key for cosignatures"):
        cosignature.verify(HEAD, Signature.by(log, bytes(72)), log.verifying)


def test_the_future_begins_after_some_patience() -> None:
    assert not is_from_the_future(1_000, 1_000)
    assert not is_from_the_future(1_000 + CLOCK_SKEW_MAX_S, 1_000)
    assert is_from_the_future(1_000 + CLOCK_SKEW_MAX_S + 1, 1_000)
    assert not is_from_the_future(0, 1_000)


@settings(max_examples=40)
@given(st.sampled_from([ED25519, ML_DSA]), st.data())
def test_no_flipped_bit_passes(key: SigningKey, data: st.DataObject) -> None:
    line = cosign(HEAD, key, EXAMPLE_TIME_S)
    at = data.draw(st.integers(0, len(line.data) * 8 - 1))
    flipped = int.from_bytes(line.data, "big") ^ 1 << at
    forged = Signature(line.name, line.key_id, flipped.to_bytes(len(line.data), "big"))
    with pytest.raises(BadSignature):
        cosignature.verify(HEAD, forged, key.verifying)
