"""Whose word a check takes: the key of the log, and the witnesses that must have seen it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from openforyou.audit.errors import OtherKey
from openforyou.audit.remembered import Remembered
from openforyou.core.errors import BadInput
from openforyou.ledger.keys import KEY_TEXT_CHARACTERS_MAX, VerifyingKey
from openforyou.ledger.policy import Policy
from openforyou.ledger.source import VKEY, Source


class KeyFrom(StrEnum):
    """Where the key of the log was taken from; the last is no more than the log's own word."""

    POLICY = "policy"
    GIVEN = "vkey"
    REMEMBERED = "remembered"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Trust:
    """A policy with at least one log, and where its key is from."""

    policy: Policy
    key_from: KeyFrom


def trusted(source: Source | None, *, vkey: str, policy: bytes | None, remembered: Remembered | None) -> Trust:
    """The trust that follows from what one knows: a policy file, a key, what is remembered, in this order.

    Who knows none of them believes the key that the log at `source` serves, the first time. Raises `BadInput` where
    there is no log to ask, `BadPolicy`, `BadKey`, `OtherKey` where a given key is not the remembered one, and `Missing`
    or `SourceFailed` for a served one.
    """
    rules = Policy() if policy is None else Policy.parse(policy)
    if vkey:
        key = VerifyingKey.from_vkey(vkey.strip())
        if remembered is not None and remembered.key != key:
            raise OtherKey(
                f"The key given is {key.vkey()}; the remembered checkpoint was signed by {remembered.key.vkey()}.",
                hint="A log keeps its key. Ask its operator why there are two.",
            )
        return Trust(rules.with_log(key), KeyFrom.GIVEN)
    if rules.logs:
        return Trust(rules, KeyFrom.POLICY)
    if remembered is not None:
        return Trust(rules.with_log(remembered.key), KeyFrom.REMEMBERED)
    if source is None:
        raise BadInput("Nothing can be checked without a key.", hint="Give --vkey, --policy, or where the log is.")
    return Trust(rules.with_log(_served_key(source)), KeyFrom.SERVER)


def _served_key(source: Source) -> VerifyingKey:
    text = source.fetch(VKEY, KEY_TEXT_CHARACTERS_MAX).decode("utf-8", "replace")
    return VerifyingKey.from_vkey(text.strip().split("\n")[0])
