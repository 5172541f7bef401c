"""What a rule may say, and the one form in which the log holds it. Pure."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from openforyou.core.encoding import digest
from openforyou.core.errors import BadInput
from openforyou.core.ids import decode_id, encode_id
from openforyou.events.leaf import BadLeaf, Record, decode_leaf, encode_record
from openforyou.moderation.types import Ending, Policy, PolicyId, PolicyKind, Proposal, Scope, ScopeKind

POLICY, POLICY_END, WEIGHTS = "policy", "policy_end", "weights"
"""The types of the records that this room writes."""
NAME_LENGTH_MAX, REASON_LENGTH_MIN, REASON_LENGTH_MAX = 80, 10, 1_000
VIEWS_MAX = 10**12
CROSS_POSTS_MAX = 50
"""The largest slate."""
FACTORS = {PolicyKind.DEMOTE: (0.05, 0.95), PolicyKind.BOOST: (1.05, 5.0)}
"""No factor is 0: what is to vanish from the feed is capped, and says so."""
LIMITS = {PolicyKind.CAP: VIEWS_MAX, PolicyKind.CROSS_POST_LIMIT: CROSS_POSTS_MAX}
_EVERY = frozenset(ScopeKind)
SCOPES = {
    PolicyKind.CAP: _EVERY,
    PolicyKind.BOOST: _EVERY,
    PolicyKind.DEMOTE: _EVERY,
    PolicyKind.FREEZE: frozenset({ScopeKind.ITEM}),
    PolicyKind.CROSS_POST_LIMIT: frozenset({ScopeKind.CROSS_POSTS}),
}


# What may be proposed


def checked(proposal: Proposal, policy_id: PolicyId, now: datetime) -> Policy:
    """The rule that a proposal makes, but for whether its scope exists. Raises `BadInput` naming the field."""
    kind = _kind(proposal.kind)
    now = now.replace(microsecond=0)
    since, until = _dates(kind, proposal, now)
    return Policy(
        id=policy_id,
        kind=kind,
        name=_line(proposal.name, "name", 3, NAME_LENGTH_MAX),
        reason=checked_reason(proposal.reason),
        scope=_scope(kind, proposal.scope),
        since=since,
        until=until,
        limit=_limit(kind, proposal.limit),
        factor=_factor(kind, proposal.factor),
    )


def checked_reason(reason: str) -> str:
    """Why, in a sentence that everybody will read. Raises `BadInput`."""
    return _line(reason, "reason", REASON_LENGTH_MIN, REASON_LENGTH_MAX)


def _kind(name: str) -> PolicyKind:
    try:
        return PolicyKind(name)
    except ValueError:
        known = ", ".join(PolicyKind)
        raise BadInput(f"There is no kind of rule {name[:40]!r}.", hint=f"Known: {known}.", field="kind") from None


def _line(value: str, field: str, least: int, most: int) -> str:
    plain = unicodedata.normalize("NFC", value).strip()
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in plain):
        raise BadInput(f"The {field} has control characters.", hint="Write it on one line.", field=field)
    if not least <= len(plain) <= most:
        raise BadInput(
            f"The {field} has {len(plain)} characters.",
            hint=f"It has {least} to {most}, for everybody to read.",
            field=field,
        )
    return plain


def _scope(kind: PolicyKind, scope: Scope) -> Scope:
    if scope.kind not in SCOPES[kind]:
        known = " or ".join(sorted(SCOPES[kind]))
        raise BadInput(f"A {kind} cannot be about {scope.kind}.", hint=f"It is about {known}.", field="scope")
    if (scope.id is None) != (scope.kind is ScopeKind.CROSS_POSTS):
        raise BadInput("The scope names nothing.", hint="Name the item or the creator.", field="scope")
    return scope


def _limit(kind: PolicyKind, limit: int | None) -> int | None:
    most = LIMITS.get(kind)
    if most is None:
        if limit is not None:
            raise BadInput(f"A {kind} has no limit.", hint="Leave it out.", field="limit")
        return None
    if type(limit) is not int or not 0 <= limit <= most:
        said = "no limit" if limit is None else f"the limit {limit}"
        raise BadInput(f"A {kind} with {said}.", hint=f"It lies between 0 and {most}.", field="limit")
    return limit


def _factor(kind: PolicyKind, factor: float | None) -> float | None:
    within = FACTORS.get(kind)
    if within is None:
        if factor is not None:
            raise BadInput(f"A {kind} has no factor.", hint="Leave it out.", field="factor")
        return None
    low, high = within
    if factor is None or not (math.isfinite(factor) and low <= factor <= high):
        said = "no factor" if factor is None else f"the factor {factor:g}"
        raise BadInput(f"A {kind} with {said}.", hint=f"It lies between {low:g} and {high:g}.", field="factor")
    return factor


def _dates(kind: PolicyKind, proposal: Proposal, now: datetime) -> tuple[datetime, datetime | None]:
    """From when to when. A freeze holds from its record to the record of its end: that is how anybody counts it."""
    for field, moment in (("since", proposal.since), ("until", proposal.until)):
        if moment is None:
            continue
        if kind is PolicyKind.FREEZE:
            raise BadInput(f"A freeze has no {field}.", hint="It holds from its record to its end.", field=field)
        if moment.tzinfo is None:
            raise BadInput(f"{field} has no time zone.", hint="Write 2026-01-31T12:00:00Z.", field=field)
    since = now if proposal.since is None else proposal.since.astimezone(UTC).replace(microsecond=0)
    until = None if proposal.until is None else proposal.until.astimezone(UTC).replace(microsecond=0)
    if since < now:
        hint = "No rule acts before it is published; leave it out for now."
        raise BadInput(f"since is {since.isoformat()}, which is past.", hint=hint, field="since")
    if until is not None and until <= since:
        raise BadInput("until is not after since.", hint="A rule holds for some time.", field="until")
    return since, until


# The form in the log


def policy_leaf(policy: Policy) -> bytes:
    """The record of a rule."""
    said: dict[str, Any] = {
        "id": encode_id(policy.id),
        "kind": policy.kind.value,
        "name": policy.name,
        "reason": policy.reason,
        "scope": {"kind": policy.scope.kind.value},
        "since": _told(policy.since),
    }
    if policy.scope.id is not None:
        said["scope"]["id"] = encode_id(policy.scope.id)
    if policy.until is not None:
        said["until"] = _told(policy.until)
    if policy.limit is not None:
        said["limit"] = policy.limit
    if policy.factor is not None:  # RFC 8785 writes 2 and not 2.0
        said["factor"] = int(policy.factor) if policy.factor.is_integer() else policy.factor
    return encode_record(POLICY, said)


def ending_leaf(ending: Ending) -> bytes:
    """The record of a rule's end."""
    return encode_record(POLICY_END, {"id": encode_id(ending.id), "reason": ending.reason, "at": _told(ending.at)})


def weights_leaf(values: Mapping[str, float]) -> bytes:
    """The record of the ranking weights in service. A slate's record names them by the digest's first digits."""
    return encode_record(WEIGHTS, {"digest": digest(dict(values)), "values": dict(values)})


def read_leaf(leaf: bytes) -> Policy | Ending | None:
    """The rule, or the end of one, that a leaf publishes; None for every other leaf.

    A record that this version would not have written, to the byte, is none: what acts is what anybody reads there.
    """
    try:
        said = decode_leaf(leaf) if leaf[:1] == b"{" else None
        if not isinstance(said, Record):
            return None
        if said.type == POLICY:
            policy = _policy(said.body)
            return policy if policy_leaf(policy) == leaf else None
        if said.type == POLICY_END:
            ending = Ending(_id(said.body["id"]), said.body["reason"], _moment(said.body["at"]))
            return ending if ending_leaf(ending) == leaf else None
    except (BadLeaf, BadInput, KeyError, TypeError, ValueError, AttributeError):
        pass
    return None


def _policy(body: Mapping[str, Any]) -> Policy:
    kind, scope = PolicyKind(body["kind"]), body["scope"]
    factor = body.get("factor")
    return Policy(
        id=_id(body["id"]),
        kind=kind,
        name=body["name"],
        reason=body["reason"],
        scope=_scope(kind, Scope(ScopeKind(scope["kind"]), decode_id(scope["id"]) if "id" in scope else None)),
        since=_moment(body["since"]),
        until=_moment(body["until"]) if "until" in body else None,
        limit=_limit(kind, body.get("limit")),
        factor=_factor(kind, None if factor is None else float(factor)),
    )


def _id(text: str) -> PolicyId:
    return PolicyId(decode_id(text))


def _told(moment: datetime) -> str:
    """2026-05-01T12:00:00Z"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


# What it comes to


def is_about(scope: Scope, item_id: int, creator_id: int, *, cross_post: bool) -> bool:
    """Whether an item lies in a scope."""
    match scope.kind:
        case ScopeKind.ITEM:
            return scope.id == item_id
        case ScopeKind.CREATOR:
            return scope.id == creator_id
        case ScopeKind.CROSS_POSTS:
            return cross_post


def in_words(policy: Policy) -> str:
    """What a rule does, for people: a clause that follows its name."""
    match policy.kind:
        case PolicyKind.CAP if policy.limit == 0:
            return "not recommended in the For You feed"
        case PolicyKind.CAP:
            return f"recommended in the For You feed until {_views(policy.limit or 0)}, and then no more"
        case PolicyKind.BOOST | PolicyKind.DEMOTE:
            return f"counts {policy.factor:g} times its value when the For You feed is put in order"
        case PolicyKind.FREEZE:
            return "the numbers shown stay as they were"
        case PolicyKind.CROSS_POST_LIMIT:
            return f"at most {policy.limit} in one slate of the For You feed"


def _views(count: int) -> str:
    return "1 view" if count == 1 else f"{count:,} views"
