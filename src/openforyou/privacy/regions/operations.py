"""What a broker answers about moves: whose keys it has, and the end of its region, by two signatures at the least.

There is no other way to end a region: one administrator, or whoever holds the socket, destroys nothing by this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from openforyou.core.encoding import canonical_json, to_base64url
from openforyou.privacy.access import acts
from openforyou.privacy.access.service import Access
from openforyou.privacy.broker.keeper import LocalKeeper
from openforyou.privacy.broker.operations import AT_ONCE_MAX, Operations, Peer, argument, bytes_of, listed, subject_of
from openforyou.privacy.regions import rules
from openforyou.privacy.regions.errors import NoQuorum


def region_operations(keeper: LocalKeeper, access: Access) -> Operations:
    """By name."""
    on = _Regions(keeper, access)
    return {
        "regions.facts": on.facts,
        "regions.subjects": on.subjects,
        "regions.wrapped": on.wrapped,
        "regions.end": on.end,
    }


class _Regions:
    def __init__(self, keeper: LocalKeeper, access: Access) -> None:
        self._keeper = keeper
        self._access = access

    def facts(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002 - an operation's form
        broker = self._access.facts()["broker"]
        return {"region": self._keeper.region, "broker": broker, "fingerprint": self._keeper.fingerprint}

    def subjects(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        after = argument(arguments, "after", int)
        found = sorted(self._keeper.subjects(), key=lambda one: (one.id, one.kind.value))
        part = [one for one in found if one.id > after][:AT_ONCE_MAX]
        return {"subjects": [[one.kind.value, one.id] for one in part], "more": bool(part) and part[-1] != found[-1]}

    def wrapped(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        """As the keystore's file has them: bytes to look for, which open nothing without the region's key."""
        subjects = [subject_of(kind, number) for kind, number in listed(arguments, "subjects")]
        return {"wrapped": [to_base64url(one) for one in self._keeper.wrapped(subjects)]}

    def end(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        text = argument(arguments, "text", str)
        given: dict[str, Any] = argument(arguments, "signatures", dict)
        self._require_word(text)
        staff = {one.id: one for one in self._access.administrators()}
        used: dict[str, str] = {}
        for who, signature in given.items():
            signed = bytes_of(signature, "signatures")
            keys = staff[who].keys if who in staff else ()
            key = next((one for one in keys if acts.verifies(one, signed, rules.end_bytes(text))), None)
            if key is None:
                raise NoQuorum(
                    "A signature is not by an administrator of access of this broker.",
                    hint="Two of them run: openforyou regions agree --by THEIR_ID --key THEIR_FILE",
                )
            used[key] = who
        if len(set(used.values())) < rules.QUORUM or len(used) < rules.QUORUM:
            raise NoQuorum(
                f"{len(used)} of {rules.QUORUM} administrators signed, and nothing was destroyed.",
                hint="Another administrator runs: openforyou regions agree --by THEIR_ID --key THEIR_FILE",
            )
        return {"keys": self._keeper.end_region(), "by": sorted(used.values())}

    def _require_word(self, text: str) -> None:
        facts = self.facts({}, Peer())
        try:
            told = json.loads(text)
            sound = canonical_json(told).decode() == text and told["form"] == rules.END_FORM
            sound = sound and (told["broker"], told["fingerprint"]) == (facts["broker"], facts["fingerprint"])
        except (ValueError, KeyError, TypeError, RecursionError):
            sound = False
        if not sound:
            raise NoQuorum(
                f"What was signed does not end the region {facts['region']} of this broker and this key.",
                hint="Sign what `openforyou regions move` printed, at the broker that it names.",
            )
