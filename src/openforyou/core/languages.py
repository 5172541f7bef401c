"""Languages by their primary tag, as BCP 47 writes them: `nl`, `pt`, `yue`."""

from __future__ import annotations

import re

from openforyou.core.errors import BadInput

TAG_LENGTH_MAX = 3
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")


def primary_tag(tag: str, field: str = "language") -> str:
    """`pt-BR` → `pt`; "" stays: nobody said. Raises `BadInput` naming `field`."""
    if not tag.strip():
        return ""
    found = _TAG.fullmatch(tag.strip())
    if found is None:
        raise BadInput(
            f"{tag[:40]!r} is not the tag of a language.", hint="Use two or three letters, as in nl or pt.", field=field
        )
    return found[1].lower()


def tag_number(tag: str) -> int:
    """A primary tag as a number, 0 for none: its three bytes, the last 0 where it has two letters."""
    return int.from_bytes(tag.encode("ascii").ljust(TAG_LENGTH_MAX, b"\0"))
