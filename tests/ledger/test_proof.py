"""Receipts: the example of tlog-proof, round trips, and whatever must not pass for one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openforyou.ledger.checkpoint import Checkpoint, parse_checkpoint, sign
from openforyou.ledger.cosignature import CLOCK_SKEW_MAX_S, cosign
from openforyou.ledger.errors import BadNote, BadProof, BadSignature, LedgerError, NoQuorum
from openforyou.ledger.merkle import SIZE_MAX, inclusion_proof
from openforyou.ledger.note import Algorithm, SigningKey
from openforyou.ledger.policy import Policy
from openforyou.ledger.proof import EXTRA_BYTES_MAX, PROOF_BYTES_MAX, Proof
from tests.ledger.test_merkle import TREE

# tlog-proof elides the signatures in its example: the receipt can be read, and its checkpoint cannot.
EXAMPLE = """\
c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog hI2DJw[...]1roloI=
— witness1.example mJirIklj[...]qY9v2B/5bg==
— witness2.example TnKKVHLX[...]xwYwrSjgow==
— witness3.example S4X82uH5[...]3oEcROGLFQ==
"""

NOW_S = 1_780_000_000
LOG = SigningKey("log.example", Algorithm.ED25519, bytes(range(32)))
WITNESS = SigningKey("witness.example", Algorithm.MLDSA44_COSIGNATURE, bytes(range(32)))
POLICY = Policy.parse(f"log {LOG.vkey()}\nwitness w {WITNESS.vkey()}\nquorum w\n")


def checkpoint(size: int) -> bytes:
    head = Checkpoint("log.example", size, TREE.root(size))
    _, note = parse_checkpoint(sign(head, LOG))
    return note.with_signatures([cosign(head, WITNESS, NOW_S)]).format()


def receipt(index: int, size: int, extra: bytes = b"") -> Proof:
    return Proof(index, tuple(inclusion_proof(index, size, TREE.hash_at)), checkpoint(size), extra)


def test_the_example_is_read_and_written_back() -> None:
    proof = Proof.parse(EXAMPLE.encode())
    assert proof.index == 73894
    assert proof.extra == b"age-v1.2.1-darwin-arm64.tar.gz\x91\x85\xc9\xdd\xa5\xb8\xb5\x85\xc9"
    assert [value[:2].hex() for value in proof.hashes] == ["8122", "07de", "10a3", "468a", "0070"]
    assert proof.checkpoint.decode() == EXAMPLE[EXAMPLE.index("example.com/fancylog") :]
    assert proof.format() == EXAMPLE.encode()
    with pytest.raises(BadNote):
        proof.verify(b"entry", POLICY)


@settings(max_examples=30)
@given(st.integers(1, 600), st.binary(max_size=50), st.data())
def test_a_receipt_proves_its_entry_and_no_other(size: int, extra: bytes, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = receipt(index, size, extra)
    again = Proof.parse(proof.format())
    assert again == proof
    verified = again.verify(TREE.entries[index], POLICY)
    assert verified.checkpoint.size == size
    assert verified.witnesses == (("w", NOW_S),)
    for wrong in (b"", TREE.entries[index] + b"\x00", TREE.entries[index - 1] if index else b"another"):
        with pytest.raises(BadProof):
            again.verify(wrong, POLICY)


def test_a_receipt_holds_by_the_policy_only() -> None:
    proof = receipt(3, 7)
    entry = TREE.entries[3]
    stranger = Policy.single(SigningKey("log.example", Algorithm.ED25519, bytes(32)).vkey())
    with pytest.raises(BadSignature):
        proof.verify(entry, stranger)
    other = SigningKey("other.example", Algorithm.MLDSA44_COSIGNATURE, bytes(32))
    stricter = Policy.parse(f"log {LOG.vkey()}\nwitness other {other.vkey()}\nquorum other\n")
    with pytest.raises(NoQuorum):
        proof.verify(entry, stricter)
    with pytest.raises(NoQuorum, match="dated in the future"):
        proof.verify(entry, POLICY, now_s=NOW_S - CLOCK_SKEW_MAX_S - 1)
    assert proof.verify(entry, POLICY, now_s=NOW_S)


@pytest.mark.parametrize(
    "forge",
    [
        lambda proof: replace(proof, index=4),
        lambda proof: replace(proof, index=7),
        lambda proof: replace(proof, hashes=proof.hashes[:-1]),
        lambda proof: replace(proof, hashes=(*proof.hashes, bytes(32))),
        lambda proof: replace(proof, hashes=(bytes(32), *proof.hashes[1:])),
        lambda proof: replace(proof, checkpoint=checkpoint(8)),
        lambda proof: replace(proof, checkpoint=checkpoint(3)),
    ],
)
def test_no_forged_receipt_passes(forge: object) -> None:
    assert callable(forge)
    with pytest.raises(BadProof):
        forge(receipt(3, 7)).verify(TREE.entries[3], POLICY)


@given(st.data())
def test_no_changed_byte_passes_except_in_the_extra_data(data: st.DataObject) -> None:
    """Nobody vouches for the extra data; everything else stands or falls with the signatures and the path."""
    written = receipt(3, 7).format()
    at = data.draw(st.integers(0, len(written) - 1))
    changed = data.draw(st.integers(0, 255).filter(lambda value: value != written[at]))
    with pytest.raises(LedgerError):
        Proof.parse(written[:at] + bytes([changed]) + written[at + 1 :]).verify(TREE.entries[3], POLICY)


HASH_LINE = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "not a receipt"),
        ("c2sp.org/tlog-proof@v2\nindex 0\n\ncheckpoint\n", "not a receipt"),
        ("c2sp.org/tlog-proof@v1\r\nindex 0\n\ncheckpoint\n", "not a receipt"),
        ("c2sp.org/tlog-proof@v1\n", "ends before its checkpoint"),
        ("c2sp.org/tlog-proof@v1\nindex 0\n", "ends before its checkpoint"),
        ("c2sp.org/tlog-proof@v1\n\ncheckpoint\n", "ends before its checkpoint"),
        ("c2sp.org/tlog-proof@v1\n\n\ncheckpoint\n", "does not say the index"),
        ("c2sp.org/tlog-proof@v1\nIndex 0\n\ncheckpoint\n", "does not say the index"),
        ("c2sp.org/tlog-proof@v1\nindex\n\ncheckpoint\n", "does not say the index"),
        ("c2sp.org/tlog-proof@v1\nindex  0\n\ncheckpoint\n", "does not say the index"),
        ("c2sp.org/tlog-proof@v1\nindex 00\n\ncheckpoint\n", "does not say the index"),
        ("c2sp.org/tlog-proof@v1\nindex -1\n\ncheckpoint\n", "does not say the index"),
        ("c2sp.org/tlog-proof@v1\nindex 0 \n\ncheckpoint\n", "does not say the index"),
        (f"c2sp.org/tlog-proof@v1\nindex {'9' * 5_000}\n\ncheckpoint\n", "does not say the index"),
        (f"c2sp.org/tlog-proof@v1\nindex {SIZE_MAX + 1}\n\ncheckpoint\n", "is not the index of a leaf"),
        ("c2sp.org/tlog-proof@v1\nindex \u0660\n\ncheckpoint\n", "foreign character"),
        ("c2sp.org/tlog-proof@v1\nextra YQ==\n\ncheckpoint\n", "does not say the index"),
        ("c2sp.org/tlog-proof@v1\nextra YQ==\nextra YQ==\nindex 0\n\ncheckpoint\n", "does not say the index"),
        ("c2sp.org/tlog-proof@v1\nextra \nindex 0\n\ncheckpoint\n", "but no data"),
        ("c2sp.org/tlog-proof@v1\nextra YQ\nindex 0\n\ncheckpoint\n", "extra data of the receipt is not base 64"),
        ("c2sp.org/tlog-proof@v1\nextra YR==\nindex 0\n\ncheckpoint\n", "extra data of the receipt is not base 64"),
        ("c2sp.org/tlog-proof@v1\nindex 0\nextra YQ==\n\ncheckpoint\n", "hash 0 of the receipt is not base 64"),
        (f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH_LINE} {HASH_LINE}\ncheckpoint\n", "hash 1 of the receipt is not"),
        ("c2sp.org/tlog-proof@v1\nindex 0\nYQ==\n\ncheckpoint\n", "hashes of 32 bytes"),
        (f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH_LINE * 64}\ncheckpoint\n", "at most 63 hashes"),
        ("c2sp.org/tlog-proof@v1\n" + "x" * PROOF_BYTES_MAX, "over the limit"),
    ],
)
def test_what_is_no_receipt(text: str, wrong: str) -> None:
    with pytest.raises(BadProof, match=wrong):
        Proof.parse(text.encode())


def test_limits_hold_when_a_receipt_is_made() -> None:
    assert Proof(2**63 - 1, (bytes(32),) * 63, b"checkpoint\n", b"x" * EXTRA_BYTES_MAX).index == SIZE_MAX
    with pytest.raises(BadProof, match="over the limit"):
        Proof(0, (), b"", b"x" * (EXTRA_BYTES_MAX + 1))
    with pytest.raises(BadProof, match="at most 63"):
        Proof(0, (bytes(31),), b"")
    with pytest.raises(BadProof, match="not the index"):
        Proof(-1, (), b"")


def test_the_only_leaf_needs_no_hashes() -> None:
    written = receipt(0, 1).format()
    assert written.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nlog.example\n1\n")
    assert Proof.parse(written).verify(TREE.entries[0], POLICY).checkpoint.size == 1
