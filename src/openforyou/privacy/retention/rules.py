"""From which column each table's time runs. How long it is says the care of that column (`keep_days`). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from openforyou.storage.schema import metadata

HISTORY = ("events", "slates")
"""Raw history, of which an operator may keep less: feeds and models are made from the folded state, which stays."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of `table` go once `since` is so many days ago."""

    table: str
    since: str
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Rows with one of these values alone."""
    orphaned_from: tuple[str, str] | None = None
    """A column, and the table that its row is gone from: then the row goes whatever its age."""


RULES = (
    Rule("sessions", "expires_at"),
    Rule("passkey_challenges", "expires_at"),
    Rule("guardian_invitations", "expires_at"),
    Rule("identity_challenges", "expires_at"),
    Rule("events", "received_at"),
    Rule("slates", "served_at"),
    Rule("policy_effects", "day"),
    Rule("identity_checks", "at"),
    Rule("identities", "ended_at"),
    Rule("claims", "decide_by", {"state": ("closed", "rescinded")}),
    Rule("clearances", "until"),
    Rule("claim_steps", "at", orphaned_from=("claim_id", "claims")),
)


def periods(history_days: int | None = None) -> dict[str, int]:
    """Days by table, counted from the rule's column. `history_days`: of the raw history, where an operator set it."""
    found = {}
    for rule in RULES:
        days = metadata.tables[rule.table].columns[rule.since].info["keep_days"]
        assert days is not None, f"the care of {rule.table}.{rule.since} states no period"
        found[rule.table] = history_days if rule.table in HISTORY and history_days is not None else int(days)
    return found


def page() -> str:
    """The page of docs that lists every table's care."""
    lines = [
        "# What is kept, and how long",
        "",
        "Made by `make docs` from what each table declares of itself; a test refuses one that declares nothing. "
        "[your-data.md](your-data.md) says what it means for you. Where *days* has a number, a job of the platform "
        "removes what is older, each day by itself, and writes into the public log how many rows of which table went.",
        "",
        "| table | what for | kept | days | removed |",
        "| --- | --- | --- | --- | --- |",
    ]
    days, since = periods(), {rule.table: _since(rule) for rule in RULES}
    for name, table in sorted(metadata.tables.items()):
        care = table.info
        period = since[name].format(days=days[name]) if name in days else ""
        lines.append(f"| `{name}` | {care['purpose']} | {care['retention']} | {period} | {care['erasure']} |")
    lines += ["", "Columns whose care differs from their table's:", "", "| column | what for | kept | removed |"]
    lines += ["| --- | --- | --- | --- |", *_different(), ""]
    return "\n".join(lines)


def _since(rule: Rule) -> str:
    return "with its claim" if rule.orphaned_from else f"{{days}} after `{rule.since}`"


def _different() -> Iterator[str]:
    for name, table in sorted(metadata.tables.items()):
        for column in table.columns:
            care = column.info
            if care["retention"] != table.info["retention"]:
                yield f"| `{name}.{column.name}` | {care['purpose']} | {care['retention']} | {care['erasure']} |"
