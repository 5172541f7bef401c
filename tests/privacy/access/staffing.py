"""An office of staff on a whole platform, each with a key of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openforyou.accounts.types import Account, Entry
from openforyou.app.platform import Platform
from openforyou.core.ids import encode_id
from openforyou.demo import office
from openforyou.events.leaf import Record, decode_leaf
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.privacy.access.types import Doing, Duty

WHY = "They wrote to support and cannot sign in any more."
STAFF: Mapping[str, frozenset[Duty]] = {
    "sue": frozenset({Duty.SUPPORT, Duty.GRANTER}),
    "tom": frozenset({Duty.TRUST, Duty.GRANTER}),
    "gil": frozenset({Duty.GRANTER}),
    "rae": frozenset({Duty.REVIEWER}),
    "lea": frozenset({Duty.LEGAL}),
}


class Office(office.Office):
    """Two administrators, and whoever they enrolled."""

    def __init__(self, platform: Platform, staff: Mapping[str, frozenset[Duty]] = STAFF) -> None:
        super().__init__(platform.settings, platform.access, platform.clock)
        self.platform = platform
        for name, duties in staff.items():
            self.enrol(name, *duties)

    def ask(self, who: str, account: Account | Entry, **more: Any) -> str:
        """A request to see an e-mail."""
        body = {"purpose": "account_recovery", "case": "S-1", "fields": ["email"], "minutes": 30, "words": WHY}
        body |= {"subject": f"account:{encode_id(account.id)}", **more}
        return str(self.do(who, Doing.REQUEST, **body)["request"])

    def leaves(self, kind: str) -> list[dict[str, Any]]:
        """Records of a type in the published log."""
        log = Log(FolderSource(self.platform.settings.log_folder))
        size = int(log.checkpoint_bytes().split(b"\n")[1])
        every = [leaf for part in log.entries(0, size, size) for leaf in part]
        told = [decode_leaf(one) for one in every if one[:1] == b"{"]
        return [dict(one.body) for one in told if isinstance(one, Record) and one.type == kind]
