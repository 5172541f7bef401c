"""Do the broker's entries and the public log agree? Asked at each start, before anything opens.

What does not agree: an entry's record that the log does not hold at its place (the log was cut or replaced); a record
of this broker's in the log that its entries do not know (they were put back from an older copy); a broken chain.
Then no access by staff until two administrators have settled it.
"""

from __future__ import annotations

from openforyou.events.leaf import BadLeaf, Record, decode_leaf
from openforyou.ledger.checkpoint import Checkpoint
from openforyou.privacy.access.published import LogTurned, Published
from openforyou.privacy.access.records import FORMS
from openforyou.privacy.access.store import Store
from openforyou.privacy.access.types import Seen

SETTLED, VKEY = "settled", "vkey"
"""Facts: up to which entry a disagreement was settled; the key of the log, pinned at the first meeting."""


def problem(store: Store, published: Published) -> str:
    """What does not agree; empty where all does. Notes the log's head and where it saw unplaced records.

    Raises `LedgerError` where the log cannot be read or verified now: then nothing is known, and nothing opens.
    """
    settled = int(store.fact(SETTLED) or b"0")
    broken = store.problem(settled)
    if broken:
        return broken
    try:
        head = published.checkpoint(store.seen())
    except LogTurned as error:
        return error.message
    if head is None:
        gone = any(one.index is not None and one.seq > settled for one in store.logged())
        return "the public log is gone" if gone else ""
    for one in store.logged():
        if one.seq > settled and one.index is not None and not published.holds(one.index, one.leaf, head):
            return f"the public log does not hold the record of entry {one.seq} at its place any more"
    unknown = _unknown(store, published, head)
    if unknown is not None:
        return f"the public log holds a record at leaf {unknown} that the broker's entries do not know"
    with store.writing():
        store.keep(VKEY, published.key.vkey().encode())
        store.keep_seen(Seen(head.size, head.root))
    return ""


def settle(store: Store, published: Published, seq: int) -> None:
    """Begin anew from what lies there now, as two administrators agreed: what the log lost of our records is carried to
    it again. Raises `LedgerError`."""
    published.pin_anew()
    head = published.checkpoint(None)
    lost = [
        one.seq
        for one in store.logged()
        if one.index is None or head is None or not published.holds(one.index, one.leaf, head)
    ]
    with store.writing():
        for one in lost:
            store.carry_again(one)
        store.keep(SETTLED, str(seq).encode())
        store.keep(VKEY, published.key.vkey().encode())
        store.keep("seen", b"")
        if head is not None:
            store.keep_seen(Seen(head.size, head.root))


def _unknown(store: Store, published: Published, head: Checkpoint) -> int | None:
    """The first leaf, since the checkpoint last seen, that is a record of this broker's and of no entry."""
    seen = store.seen()
    known = {entry.hash.hex() for entry in store.entries()}
    places: dict[int, int] = {}
    waiting = {one.leaf: one.seq for one in store.logged(unplaced=True)}
    for index, leaf in published.records(seen.size if seen else 0, head):
        if leaf in waiting:
            places.setdefault(waiting[leaf], index)
        try:
            told = decode_leaf(leaf)
        except BadLeaf:
            continue
        ours = isinstance(told, Record) and told.type in FORMS and told.body.get("broker") == store.home.name
        if isinstance(told, Record) and ours and told.body.get("entry") not in known:
            return index
    with store.writing():
        for seq, index in places.items():
            store.set_place(seq, index)
    return None
