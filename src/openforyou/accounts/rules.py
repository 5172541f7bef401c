"""What the door accepts, as pure functions."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from itertools import pairwise

from openforyou.accounts.types import (
    EMAIL_LENGTH_MAX,
    PASSKEY_NAME_LENGTH_MAX,
    PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN,
)
from openforyou.core.errors import BadInput, TooLarge

SESSION_IDLE = timedelta(days=30)
"""A session that is not used for so long ends."""
SESSION_LIFE = timedelta(days=180)
"""And at the latest after this, however much it is used."""
RENEW_EVERY = timedelta(days=1)
"""A session in use is prolonged at most so often, so that a read is seldom a write."""
CHALLENGE_LIFE = timedelta(minutes=5)
DISTINCT_LETTERS_MIN = 5
_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def checked_email(email: str) -> str:
    """`email` in its one form: NFC, lower case, the domain in ASCII. Raises `BadInput`.

    What can receive mail is decided by sending some; this only refuses what cannot be an address.
    """
    plain = unicodedata.normalize("NFC", email).strip().lower()
    local, at, domain = plain.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    labels = domain.split(".")
    hidden = any(unicodedata.category(letter)[0] in "CZ" for letter in local)
    sound = bool(at) and _LOCAL.fullmatch(local) is not None and not hidden and len(labels) > 1
    if not sound or not all(map(_LABEL.fullmatch, labels)) or len(local) + len(domain) + 1 > EMAIL_LENGTH_MAX:
        raise BadInput("That is not an e-mail address.", hint="It looks like name@example.org.", field="email")
    return f"{local}@{domain}"


def checked_password(password: str, email: str) -> str:
    """`password` as it is hashed (NFKC, so that it is the same from every keyboard). Raises `BadInput`.

    Long enough and not plainly predictable; no rule on which characters, as NIST SP 800-63B (5.1.1.2) advises.
    """
    plain = normal_password(password)
    if len(plain) < PASSWORD_LENGTH_MIN:
        raise BadInput(
            f"The password has {len(plain)} characters.",
            hint=f"Take {PASSWORD_LENGTH_MIN} or more; a few words you remember will do.",
            field="password",
        )
    if is_predictable(plain, email):
        raise BadInput(
            "The password is too easy to guess.",
            hint="Take no run of letters or digits, no repetition, and not your e-mail.",
            field="password",
        )
    return plain


def normal_password(password: str) -> str:
    """The form that is hashed. Raises `TooLarge`: a hash of megabytes would be work for nothing."""
    plain = unicodedata.normalize("NFKC", password) if len(password) <= PASSWORD_LENGTH_MAX else password
    if len(plain) > PASSWORD_LENGTH_MAX:
        raise TooLarge(
            f"The password has {len(plain)} characters.", hint=f"{PASSWORD_LENGTH_MAX} is the most.", field="password"
        )
    return plain


def is_predictable(password: str, email: str) -> bool:
    """Few different letters, one straight run, or the e-mail again: what guessers try before any list."""
    lower = password.lower()
    circle = 10 if lower.isdecimal() else 1 << 21  # after 9 comes 0
    steps = {(ord(after) - ord(before)) % circle for before, after in pairwise(lower)}
    is_run = steps in ({1}, {circle - 1})
    names_owner = bool(email) and lower in (email, email.partition("@")[0])
    return len(set(lower)) < DISTINCT_LETTERS_MIN or is_run or names_owner


def checked_passkey_name(name: str) -> str:
    """A name on one line; "Passkey" where none is given. Raises `BadInput`."""
    plain = unicodedata.normalize("NFC", name).strip() or "Passkey"
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in plain):
        raise BadInput("The passkey's name has control characters.", hint="Remove them.", field="name")
    if len(plain) > PASSKEY_NAME_LENGTH_MAX:
        said = f"The passkey's name has {len(plain)} characters."
        raise TooLarge(said, hint=f"{PASSKEY_NAME_LENGTH_MAX} is the most.", field="name")
    return plain


def session_end(created_at: datetime, now: datetime) -> datetime:
    """Until when a session lasts that is used at `now`."""
    return min(now + SESSION_IDLE, created_at + SESSION_LIFE)
