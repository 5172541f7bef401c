"""What a log sends to a witness, byte for byte: the example of tlog-witness, and everything that is not one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.ledger.merkle import SIZE_MAX
from openforyou.ledger.submission import (
    SUBMISSION_BYTES_MAX,
    BadSubmission,
    Submission,
    format_size,
    parse_size,
)

HASH = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="
# The example of the specification, as far as the checkpoint, which this module does not look at.
EXAMPLE = (
    "old 20852014\n"
    f"{HASH}\n"
    "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
    "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
    "\n"
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\N{EM DASH} a b\n"
).encode()


def test_the_example_is_read_and_written_as_it_is() -> None:
    read = Submission.parse(EXAMPLE)
    assert (read.old_size, len(read.proof)) == (20852014, 4)
    assert read.proof[0] == base64.b64decode(HASH)
    assert read.checkpoint.startswith(b"example.com/behind-the-sofa\n20852163\n")
    assert read.checkpoint.endswith("\N{EM DASH} a b\n".encode())
    assert read.format() == EXAMPLE


@given(
    old=st.integers(0, SIZE_MAX),
    proof=st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    checkpoint=st.binary(max_size=200),
)
def test_what_is_written_is_read_back(old: int, proof: list[bytes], checkpoint: bytes) -> None:
    sent = Submission(old, tuple(proof), checkpoint)
    assert Submission.parse(sent.format()) == sent


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"old 1",
        b"old 1\n",
        b"old 1\nx",
        b"\n\nx",
        b"old\n\nx",
        b"old \n\nx",
        b"old 01\n\nx",
        b"old +1\n\nx",
        b"old -1\n\nx",
        b"old 1 \n\nx",
        b"old  1\n\nx",
        b"old 1\r\n\r\nx",
        b"old 0x1\n\nx",
        b"old \xd9\xa1\n\nx",  # a digit, but not an ASCII one
        b"old 9223372036854775808\n\nx",
        b"old " + b"9" * 5000 + b"\n\nx",
        b"size 1\n\nx",
        b"old 1\n" + HASH.encode() + b" \n\nx",
        b"old 1\n" + HASH[:-1].encode() + b"\n\nx",
        b"old 1\n" + HASH.replace("w=", "x=").encode() + b"\n\nx",  # the same bytes in another spelling
        b"old 1\n" + base64.b64encode(bytes(31)) + b"\n\nx",
        b"old 1\n" + base64.b64encode(bytes(33)) + b"\n\nx",
        b"old 1\n" + b"".join(HASH.encode() + b"\n" for _ in range(64)) + b"\nx",
        b"old 1\n\n" + b"x" * SUBMISSION_BYTES_MAX,
    ],
)
def test_what_is_not_exactly_of_the_form_is_refused(data: bytes) -> None:
    with pytest.raises(BadSubmission):
        Submission.parse(data)


def test_63_hashes_are_taken() -> None:
    assert len(Submission.parse(b"old 1\n" + b"".join(HASH.encode() + b"\n" for _ in range(63)) + b"\nx").proof) == 63


@given(st.integers(0, SIZE_MAX))
def test_a_size_is_read_back(size: int) -> None:
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize("data", [b"", b"\n", b"1", b"01\n", b"1\n\n", b" 1\n", b"-1\n", b"x\n", b"1" * 1_000_000])
def test_a_size_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(BadSubmission):
        parse_size(data)
