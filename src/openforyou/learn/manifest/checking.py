"""A manifest held against everything that it can be held against, without the door that made its data.

From the leaves back to the rights: of everybody who had the right when rights were read, by the words on record, the
key is worked out anew, and each leaf of the tree must be one of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.secrets import known_secrets
from openforyou.core.errors import OpenForYouError
from openforyou.learn.manifest.recount import sound, whole
from openforyou.learn.manifest.rules import snapshot, standing
from openforyou.learn.manifest.service import Manifests
from openforyou.learn.manifest.tree import CARRIED, KEY_BYTES, KINDS, key_of
from openforyou.learn.types import Model
from openforyou.storage.database import Database


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    says: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"what": self.what, "ok": self.ok, "says": self.says}


def examine(database: Database, manifests: Manifests, model: Model) -> list[Finding]:
    """Signature, registry, log, leaves, rights, in this order; what cannot be looked at because of one before is left
    out."""
    findings = [_found("signature", lambda: f"signed, {len(manifests.signed(model).text):,} bytes")]
    if not findings[0].ok:
        return findings
    findings.append(_found("registry", lambda: f"about weights {manifests.about(model).body['weights'][:16]}…"))
    findings.append(_found("log", lambda: _in_log(manifests, model)))
    findings.append(_found("leaves", lambda: f"{len(manifests.tree(model)):,} leaves in order, with that root"))
    if findings[-1].ok:
        findings.append(_rights(database, manifests, model))
    return findings


def _found(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except OpenForYouError as error:
        return Finding(what, False, error.message)


def _in_log(manifests: Manifests, model: Model) -> str:
    index = manifests.place(model)
    return "its record waits for the log" if index is None else f"its record is leaf {index:,}"


def _rights(database: Database, manifests: Manifests, model: Model) -> Finding:
    signed, tree = manifests.signed(model), manifests.tree(model)
    read = signed.body["rights"]
    at = datetime.fromisoformat(read["at"])
    with database.connect() as connection:
        events = [event for event in rights_store.all_events(connection)[0] if event.seq < read["words"]]
        ids = {kind: {one.decision.subject_id for one in events if one.decision.subject_kind == kind} for kind in KINDS}
        secrets = {kind: known_secrets(connection, kind, ids[kind]) for kind in KINDS}
        good = [
            event
            for kind in KINDS
            for event in sound((one for one in events if one.decision.subject_kind == kind), secrets[kind])
        ]
        held = standing(whole(events, manifests.recorded(connection, good)), at)
    keys = {key_of(secrets[kind][one], signed.nonce, kind, one): (kind, one) for kind, one in held}
    learned = [leaf[:KEY_BYTES] for leaf in tree.leaves if leaf[KEY_BYTES:] != CARRIED]
    unknown = sum(key not in keys for key in learned)
    if unknown:
        words = (
            f"{unknown:,} of {len(learned):,} leaves belong to nobody who had the right when rights were read, or whose"
            " secret was destroyed since"
        )
        return Finding("rights", False, words)
    stood = snapshot([held[keys[key]] for key in learned], at, {})["digest"] == read["digest"]
    if not stood:
        return Finding("rights", False, "everybody had the right, and by other grants than the manifest says")
    return Finding("rights", True, f"all {len(learned):,} had the right at {read['at']}, by words in the log")
