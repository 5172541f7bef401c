"""What is shown to staff bears who was shown it, so that a copy that turns up elsewhere leads back.

Two marks, and what each withstands:

- Beside the values stands a line that names reader, access and moment. It is in every picture of the screen that shows
  it, and gone when somebody cuts it off.
- Within a value, where that changes nothing about its use, stands a tag of the reader and access. In the domain of an
  e-mail address it is the case of the letters: mail arrives as before; it survives a picture and a copy, not somebody
  who writes the address anew in small letters. In other text it is characters without width behind the spaces: it
  survives copying, and neither a picture nor retyping. A value of one letter or digit bears none.

So a mark finds the careless and whoever does not know of it. It proves nothing against somebody who removes it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from openforyou.privacy.vault.types import Field

ZERO, ONE = "\u200b", "\u200c"
"""Zero-width space and non-joiner: a bit each."""
TAG_BITS = 32
TRACED_BITS = 16
"""Of fewer nothing is traced: they fit somebody by chance too soon, and could be found out one after another."""
_ADDRESS = re.compile(r"[^\s@]@([A-Za-z0-9.-]+)")


def tag(key: bytes, reader: str, request: str) -> str:
    """32 bits, as 0 and 1: which reader, in which access."""
    digest = hmac.digest(key, f"watermark\n{reader}\n{request}".encode(), hashlib.sha256)
    return f"{int.from_bytes(digest[:4]):0{TAG_BITS}b}"


def marked(field: Field, value: str, bits: str) -> str:
    """The value with the tag woven in, as far as its form allows."""
    if field is Field.EMAIL and "@" in value:
        local, _, domain = value.rpartition("@")
        return f"{local}@{_cased(domain, bits)}"
    words = value.split(" ")
    if field in (Field.MINOR, Field.VIEWER) or len(words) == 1:
        return value
    woven = "".join(ONE if bit == "1" else ZERO for bit in bits)
    return f"{words[0]} {woven}{' '.join(words[1:])}"


def unmarked(value: str) -> str:
    """Without the characters that have no width."""
    return value.replace(ZERO, "").replace(ONE, "")


def borne(found: str) -> str:
    """The bits that a value bears, from the first on: all of them without width, or one for each letter of the domain
    of an address; empty where it bears none, as an address that somebody wrote anew in letters of one size."""
    bits = "".join("1" if letter == ONE else "0" for letter in found if letter in (ZERO, ONE))
    if len(bits) == TAG_BITS:
        return bits
    address = _ADDRESS.search(found)
    letters = [letter for letter in address[1] if letter.isalpha()] if address else []
    sizes = [letter.isupper() for letter in letters]
    if all(sizes) or not any(sizes):
        return ""
    return "".join("1" if large else "0" for large in sizes[:TAG_BITS])


def candidates(bits: str, key: bytes, accesses: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of those readers and requests the ones whose tag begins so. More than one where the bits are few."""
    return [one for one in accesses if tag(key, *one).startswith(bits)]


def line(reader: str, request: str, until: str) -> str:
    """What stands beside the values, for everybody to see."""
    return (
        f"Shown to {reader} under access {request}, until {until}. Each look is recorded, and the person reads of it."
    )


def _cased(domain: str, bits: str) -> str:
    """Letter number n of the domain is large where bit n is 1."""
    told, number = [], 0
    for letter in domain.lower():
        if letter.isascii() and letter.isalpha() and number < len(bits):
            told.append(letter.upper() if bits[number] == "1" else letter)
            number += 1
        else:
            told.append(letter)
    return "".join(told)
