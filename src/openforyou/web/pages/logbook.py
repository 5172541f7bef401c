"""What pages say of the public log: its head as it lies, and the numbers of an item as a browser can check them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openforyou.app.platform import Platform
from openforyou.audit.types import ITEM_COUNTS
from openforyou.core.errors import Unavailable
from openforyou.core.ids import ItemId, encode_id
from openforyou.events.leaf import BadLeaf, Record, decode_leaf
from openforyou.ledger.checkpoint import parse_checkpoint
from openforyou.ledger.errors import LedgerError, Missing
from openforyou.ledger.keys import KEY_TEXT_CHARACTERS_MAX
from openforyou.ledger.policy import Policy
from openforyou.ledger.reader import Log
from openforyou.ledger.source import VKEY, FolderSource

LEAVES_AT_ONCE = 500_000
"""How many new leaves are looked through for refusals while somebody waits for the page: about half a second."""
BYTES_A_LEAF = 32


@dataclass(frozen=True, slots=True)
class LogFacts:
    """The head of the log, unverified: whoever reads the page verifies it. `size` -1: there is no log yet."""

    size: int = -1
    origin: str = ""
    vkey: str = ""
    root: str = ""
    checkpoint: str = ""
    cosigned_by: tuple[str, ...] = ()
    quorum: str = ""
    """Whom this server waits for before it publishes, in words; empty: for nobody."""
    megabytes: float = 0.0
    refused: Mapping[str, int] = field(default_factory=dict)
    refused_upto: int = 0
    """The refusals are of the first so many leaves: a long log is looked through in several visits."""


class Logbook:
    """Reads one platform's log; remembers which refusals it found there. Safe from several threads.

    `policy` names the witnesses whom the server asks before it publishes anything; None: it asks nobody.
    """

    def __init__(self, platform: Platform, policy: Policy | None = None) -> None:
        self._platform = platform
        self._policy = policy or Policy()
        self._source = FolderSource(platform.settings.log_folder)
        self._log = Log(self._source)
        self._looking = threading.Lock()
        self._refused: Counter[str] = Counter()
        self._upto = 0

    def facts(self) -> LogFacts:
        """The log as it is now. Raises `Unavailable` where its files cannot be read."""
        try:
            return self._read()
        except Missing:
            return LogFacts()
        except LedgerError as error:
            raise Unavailable(f"The log cannot be read: {error.message}", hint="Whoever runs it must look.") from error

    def _read(self) -> LogFacts:
        signed = self._log.checkpoint_bytes()
        vkey = self._source.fetch(VKEY, KEY_TEXT_CHARACTERS_MAX).decode("utf-8", "replace").strip()
        head, note = parse_checkpoint(signed)
        refused, upto = self._look(head.size)
        return LogFacts(
            size=head.size,
            origin=head.origin,
            vkey=vkey,
            root=head.root.hex(),
            checkpoint=signed.decode("utf-8", "replace"),
            cosigned_by=tuple(dict.fromkeys(line.name for line in note.signatures if line.name != head.origin)),
            quorum=_in_words(self._policy),
            megabytes=head.size * BYTES_A_LEAF / 1e6,
            refused=refused,
            refused_upto=upto,
        )

    def counted(self, item_id: ItemId) -> dict[str, Any]:
        """What a page shows of an item, all of it of one moment, and what a browser needs to check it."""
        counts = self._platform.events.counts([item_id])[item_id]
        return {
            "id": encode_id(item_id),
            "log_size": counts.log_size,
            "counts": {name: getattr(counts, name) for name in ITEM_COUNTS},
            "witnesses": [witness.key.vkey() for witness in self._policy.witnesses],
        }

    def _look(self, size: int) -> tuple[dict[str, int], int]:
        """Refused events by reason, and how many leaves were looked through for them."""
        with self._looking:
            stop = min(size, self._upto + LEAVES_AT_ONCE)
            if stop > self._upto:
                found: Counter[str] = Counter()
                for part in self._log.entries(self._upto, stop, size):
                    for leaf in part:
                        if leaf[:1] == b"{":
                            found.update(_refused(leaf))
                self._refused += found
                self._upto = stop
            return dict(sorted(self._refused.items())), self._upto


def _in_words(policy: Policy) -> str:
    """2 of a, b, c: the quorum of a policy, one level of groups deep."""
    groups = {group.name: group for group in policy.groups}
    if policy.quorum is None or policy.quorum not in groups:
        return policy.quorum or ""
    group = groups[policy.quorum]
    return f"{group.threshold} of {', '.join(group.members)}"


def _refused(leaf: bytes) -> dict[str, int]:
    try:
        told = decode_leaf(leaf)
    except BadLeaf:
        return {}
    if not isinstance(told, Record) or told.type != "refused" or not isinstance(told.body.get("by_reason"), dict):
        return {}
    return {str(reason): count for reason, count in told.body["by_reason"].items() if type(count) is int}
