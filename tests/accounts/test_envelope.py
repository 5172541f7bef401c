"""An envelope opens with its own secret, for its own purpose, bound to what it was bound to; and with nothing else."""

from __future__ import annotations

import hashlib

from openforyou.accounts.envelope import BLOCK_BYTES, Sealing, closed, opened

SECRET, BOUND, TOLD = b"t" * 43, b"account 7", {"email": "ada@example.org", "minor": False}


def test_an_envelope_opens_with_its_secret_alone() -> None:
    envelope = closed(SECRET, Sealing.SESSION, BOUND, TOLD)
    assert opened(SECRET, Sealing.SESSION, BOUND, envelope) == TOLD
    assert b"ada" not in envelope
    assert closed(SECRET, Sealing.SESSION, BOUND, TOLD) != envelope, "a nonce of its own"
    assert opened(hashlib.sha256(SECRET).digest(), Sealing.SESSION, BOUND, envelope) is None, "what the table keeps"
    assert opened(SECRET, Sealing.INVITATION, BOUND, envelope) is None
    assert opened(SECRET, Sealing.SESSION, b"account 8", envelope) is None
    for damaged in (b"", envelope[:20], envelope[:-1], b"\x02" + envelope[1:], envelope[:-1] + b"\x00" * 2):
        assert opened(SECRET, Sealing.SESSION, BOUND, damaged) is None


def test_the_length_tells_little() -> None:
    lengths = {len(closed(SECRET, Sealing.SESSION, BOUND, {"email": "a" * n + "@b.org"})) for n in range(40)}
    assert len(lengths) == 1
    assert (lengths.pop() - 1 - 12 - 16) % BLOCK_BYTES == 0
