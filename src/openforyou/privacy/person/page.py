"""The page of a person's copy: plain HTML that needs no network and no script, light or dark as the system is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from openforyou.privacy.person.types import Document

COLUMNS_MAX = 8
TEXT_MAX = 160
UNREAD = frozenset({"id", "viewer_id", "account_id", "request_id", "leaf", "leaf_seq", "seq", "commitment"})
"""Columns that say nothing to people: they are in the files."""
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?\+00:00")
STYLE = """
:root { color-scheme: light dark; --line: #8886; --quiet: #666; }
@media (prefers-color-scheme: dark) {
  :root { --quiet: #aaa; }
  body { background: #111; color: #eee; }
  a { color: #9cf; }
}
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .5rem; } h2 { margin: 2.5rem 0 .25rem; } p { margin: .25rem 0 .75rem; }
.quiet { color: var(--quiet); font-size: .9rem; } nav ul { columns: 18rem; padding-left: 1.2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .875rem; }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; min-width: 5rem; }
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as it was written: its first rows, and how many there are."""

    document: Document
    rows: tuple[Mapping[str, Any], ...]
    count: int


def page(shown: Iterable[Shown], made_at: datetime, names: Mapping[str, str]) -> str:
    """The whole page. `names` are what people call ids."""
    every = list(shown)
    full = [one for one in every if one.count]
    empty = [one.document.title for one in every if not one.count]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Your data</title>',
        f"<style>{STYLE}</style></head><body><h1>Your data</h1>",
        f"<p>All that is kept of you here, as of {made_at:%d %B %Y, %H:%M} UTC. Beside this page lies a file for "
        "programs with every row of each topic; <code>shape.json</code> says what each field means. Keep it to "
        "yourself.</p>",
        "<nav><ul>",
        *(f'<li><a href="#{one.document.name}">{escape(one.document.title)}</a> ({one.count:,})</li>' for one in full),
        "</ul></nav>",
        *(_section(one, names) for one in full),
    ]
    if empty:
        parts.append(f"<h2>Nothing is kept of</h2><p>{escape(', '.join(empty))}.</p>")
    return "\n".join([*parts, "</body></html>\n"])


def _section(one: Shown, names: Mapping[str, str]) -> str:
    told = one.document
    named = list(dict.fromkeys(name for row in one.rows for name in row))
    columns = ([name for name in named if name not in UNREAD] or named)[:COLUMNS_MAX]
    head = "".join(f'<th scope="col">{escape(name.replace("_", " "))}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row.get(name), names)}</td>" for name in columns) + "</tr>" for row in one.rows
    )
    more = f"The first {len(one.rows)} of {one.count:,} rows. " if one.count > len(one.rows) else ""
    return (
        f'<section id="{escape(told.name)}"><h2>{escape(told.title)}</h2><p>{escape(told.what)}</p>'
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f'<p class="quiet">{more}All: <a href="{escape(told.name)}.json">{escape(told.name)}.json</a>. '
        f"{escape(told.note)}</p></section>"
    )


def _cell(value: Any, names: Mapping[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and names.get(value):
        return escape(names[value])
    text = _MOMENT.sub(r"\1 \2", str(value))
    return escape(text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…")
