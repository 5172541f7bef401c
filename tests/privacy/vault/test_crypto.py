"""A seal opens for its person, field and region under its key, whole, and in no other way."""

from __future__ import annotations

import pytest

from openforyou.privacy.vault import crypto
from openforyou.privacy.vault.errors import Unopened, WrongRegion
from openforyou.privacy.vault.types import Field, Kind, Subject

SOMEONE = Subject(Kind.ACCOUNT, 7)
KEY = bytes(range(32))


def opened(sealed: bytes, *, key: bytes = KEY, subject: Subject = SOMEONE, field: Field = Field.EMAIL) -> bytes:
    return crypto.open_sealed(key, subject, field, "home", sealed)


@pytest.mark.parametrize("value", [b"", b"\x80", b"a@example.org", bytes(31), bytes(32), b"\x80\x00" * 40])
def test_what_was_sealed_opens_again(value: bytes) -> None:
    sealed = crypto.seal(KEY, SOMEONE, Field.EMAIL, "home", value)
    assert opened(sealed) == value
    assert len(value) < 8 or value not in sealed


def test_the_length_says_no_more_than_the_block() -> None:
    lengths = {len(crypto.seal(KEY, SOMEONE, Field.MINOR, "home", b"1" * count)) for count in range(32)}
    assert len(lengths) == 1


def test_a_seal_that_was_moved_does_not_open() -> None:
    sealed = crypto.seal(KEY, SOMEONE, Field.EMAIL, "home", b"a@example.org")
    for moved in (
        {"subject": Subject(Kind.ACCOUNT, 8)},
        {"subject": Subject(Kind.VIEWER, 7)},
        {"field": Field.VIEWER},
        {"key": bytes(32)},
    ):
        with pytest.raises(Unopened):
            opened(sealed, **moved)  # type: ignore[arg-type]
    with pytest.raises(WrongRegion, match="sealed in the region home"):
        crypto.open_sealed(KEY, SOMEONE, Field.EMAIL, "away", sealed)
    renamed = sealed[:2] + b"away" + sealed[6:]
    with pytest.raises(Unopened):
        crypto.open_sealed(KEY, SOMEONE, Field.EMAIL, "away", renamed)


def test_no_bit_may_flip_and_no_byte_be_missing() -> None:
    sealed = crypto.seal(KEY, SOMEONE, Field.EMAIL, "home", b"a@example.org")
    for place in range(len(sealed) * 8):
        bent = bytearray(sealed)
        bent[place // 8] ^= 1 << place % 8
        with pytest.raises((Unopened, WrongRegion)):
            opened(bytes(bent))
    for length in range(len(sealed)):
        with pytest.raises((Unopened, WrongRegion)):
            opened(sealed[:length])


def test_a_wrapped_key_is_bound_to_its_person_and_region() -> None:
    wrapped = crypto.wrap(KEY, crypto.binding(SOMEONE, "home"), bytes(32))
    assert crypto.unwrap(KEY, crypto.binding(SOMEONE, "home"), wrapped) == bytes(32)
    for bound in (crypto.binding(SOMEONE, "away"), crypto.binding(Subject(Kind.ACCOUNT, 8), "home")):
        with pytest.raises(Unopened):
            crypto.unwrap(KEY, bound, wrapped)


def test_what_is_derived_is_what_rfc_5869_says() -> None:
    """HKDF-SHA-256 by hand: extract with a salt of zeros, then one block of expand."""
    import hashlib
    import hmac

    def mac(key: bytes, data: bytes) -> bytes:
        return hmac.new(key, data, hashlib.sha256).digest()

    assert crypto.event_secret(KEY) == mac(mac(bytes(32), KEY), b"ofy-event-secret-1" + b"\x01")
    assert crypto.mark(KEY, "email", b"x") != crypto.mark(KEY, "viewer", b"x") != crypto.mark(KEY, "viewer", b"y")
