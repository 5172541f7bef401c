"""What the catalogue accepts, as pure functions."""

from __future__ import annotations

import re
import unicodedata

from openforyou.catalog.types import CAPTION_LENGTH_MAX, HANDLE_LENGTH_MAX, TITLE_LENGTH_MAX
from openforyou.core.errors import BadInput, TooLarge

_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9._]*[a-z0-9])?")
RESERVED_HANDLES = frozenset({"admin", "api", "demo", "help", "me", "media", "openforyou", "root", "staff", "static"})


def plain_handle(handle: str) -> str:
    """The one form of a handle, however somebody wrote it."""
    return handle.strip().removeprefix("@").lower()


def checked_handle(handle: str) -> str:
    """`handle` in its one form. Raises `BadInput`."""
    plain = plain_handle(handle)
    if not _HANDLE.fullmatch(plain) or len(plain) > HANDLE_LENGTH_MAX or plain in RESERVED_HANDLES:
        raise BadInput(
            f"{handle[:40]!r} cannot be a handle.",
            hint=f"Use up to {HANDLE_LENGTH_MAX} of a to z, digits, dot and underscore; a few names are reserved.",
            field="handle",
        )
    return plain


def checked_title(title: str) -> str:
    """A title on one line. Raises `BadInput`."""
    return _checked_text(title, "title", TITLE_LENGTH_MAX, required=True)


def checked_caption(caption: str) -> str:
    """A caption; may be empty, may have lines. Raises `BadInput`."""
    return _checked_text(caption, "caption", CAPTION_LENGTH_MAX, required=False)


def _checked_text(value: str, field: str, length_max: int, *, required: bool) -> str:
    plain = unicodedata.normalize("NFC", value).strip()
    allowed = "" if required else "\n"
    if any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in allowed for letter in plain):
        raise BadInput(f"The {field} has control characters.", hint="Remove them.", field=field)
    if required and not plain:
        raise BadInput(f"The {field} is empty.", hint="Say in a few words what it shows.", field=field)
    if len(plain) > length_max:
        raise TooLarge(f"The {field} has {len(plain)} characters.", hint=f"{length_max} is the most.", field=field)
    return plain
