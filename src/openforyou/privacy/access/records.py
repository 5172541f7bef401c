"""What the public log holds of access: no person, no name of anybody, and yet each access, before it opens anything.

Every record has `at`, `broker` and `entry`, the hash of the broker's own entry, and beside these, by type:

    access         by, duty, purpose, case_kind, fields, granted_by, until, emergency, person
    access_end     of, why            an access ended before its time; `of` is the entry of its record
    access_staff   staff, duties, by  who may do what from now on
    access_delay   days, by, agreed_by    that somebody is told later, not who, nor of which access
    access_told                       such a delay has ended
    access_alarm   kind               something looks wrong
    access_review  kind, right        somebody looked at an alarm or an emergency
    access_trace   by, bits, found    a leak was traced by a mark of so many bits, to so many accesses
    access_settled by                 the broker's entries and the log had not agreed, or its clock had gone astray

`person` is HMAC-SHA-256 of the person under a salt that is made for this one access and told to them alone: they find
their record in the log and can show it; nobody else can tell whom it is about, nor that two are about the same person.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from openforyou.core.encoding import canonical_json
from openforyou.events.leaf import encode_record
from openforyou.privacy.access.purposes import BY_NAME
from openforyou.privacy.access.types import Duty, Entry
from openforyou.privacy.vault.types import Field, Subject

ACCESS, END, STAFF, DELAY = "access", "access_end", "access_staff", "access_delay"
TOLD, ALARM, REVIEW, SETTLED = "access_told", "access_alarm", "access_review", "access_settled"
TRACE = "access_trace"
_EVERY = {"at", "broker", "entry"}
FORMS: Mapping[str, frozenset[str]] = {
    ACCESS: frozenset(
        {"by", "duty", "purpose", "case_kind", "fields", "granted_by", "until", "emergency", "person"} | _EVERY
    ),
    END: frozenset({"of", "why"} | _EVERY),
    STAFF: frozenset({"staff", "duties", "by"} | _EVERY),
    DELAY: frozenset({"days", "by", "agreed_by"} | _EVERY),
    TOLD: frozenset(_EVERY),
    ALARM: frozenset({"kind"} | _EVERY),
    REVIEW: frozenset({"kind", "right"} | _EVERY),
    SETTLED: frozenset({"by"} | _EVERY),
    TRACE: frozenset({"by", "bits", "found"} | _EVERY),
}
_HASH = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[a-z][a-z_]{0,39}")
_STAFF = re.compile(r"[1-9A-HJ-NP-Za-km-z]{11}")


def leaf(type_: str, broker: str, entry: Entry, told: Mapping[str, Any]) -> bytes:
    """The record of an entry."""
    body = {**told, "at": entry.at.isoformat(timespec="seconds"), "broker": broker, "entry": entry.hash.hex()}
    assert is_sound(type_, body), f"{type_} in another form"
    return encode_record(type_, body)


def person_mark(salt: bytes, subject: Subject) -> str:
    """How the record of one access names a person."""
    said = canonical_json({"kind": subject.kind.value, "id": subject.id})
    return hmac.digest(salt, said, hashlib.sha256).hex()


def is_sound(type_: str, body: Mapping[str, Any]) -> bool:
    """Whether a record says what one of its type can say, in the one form."""
    try:
        common = _is(_HASH, body["entry"]) and isinstance(body["broker"], str) and _is_time(body["at"])
        return body.keys() == FORMS[type_] and common and _CHECKS[type_](body)
    except (KeyError, TypeError):
        return False


def _access(body: Mapping[str, Any]) -> bool:
    purpose = BY_NAME.get(body["purpose"])
    fields = body["fields"]
    named = [body["by"], *body["granted_by"]]
    return (
        purpose is not None
        and isinstance(fields, list)
        and bool(fields)
        and all(one in set(Field) for one in fields)
        and body["duty"] in set(Duty)
        and body["case_kind"] == purpose.case
        and type(body["emergency"]) is bool
        and body["emergency"] == purpose.is_emergency == (not body["granted_by"])
        and all(_is(_STAFF, one) for one in named)
        and len(set(named)) == len(named)
        and _is_time(body["until"])
        and body["until"] > body["at"]
        and _is(_HASH, body["person"])
    )


def _staff(body: Mapping[str, Any]) -> bool:
    sound = _is(_STAFF, body["staff"]) and all(_is(_STAFF, one) for one in body["by"])
    return sound and all(one in set(Duty) for one in body["duties"])


def _delay(body: Mapping[str, Any]) -> bool:
    sound = type(body["days"]) is int and body["days"] > 0
    return sound and _is(_STAFF, body["by"]) and _is(_STAFF, body["agreed_by"]) and body["by"] != body["agreed_by"]


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    ACCESS: _access,
    END: lambda body: _is(_HASH, body["of"]) and _is(_WORD, body["why"]),
    STAFF: _staff,
    DELAY: _delay,
    TOLD: lambda _: True,
    ALARM: lambda body: _is(_WORD, body["kind"]),
    REVIEW: lambda body: _is(_WORD, body["kind"]) and type(body["right"]) is bool,
    TRACE: lambda body: _is(_STAFF, body["by"]) and _is_number(body["bits"]) and _is_number(body["found"]),
    SETTLED: lambda body: all(_is(_STAFF, one) for one in body["by"]),
}


def _is(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def kept_mark(key: bytes, subject: Subject) -> str:
    """How the broker's own list of protected persons names one: nobody without its key can tell whom."""
    said = b"protected\n" + canonical_json({"kind": subject.kind.value, "id": subject.id})
    return hmac.digest(key, said, hashlib.sha256).hex()
