"""Templates and what they may call: the same small sums that the modules do in the browser, so that what the server
draws first and what a script draws later look alike.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

TEMPLATES = Path(__file__).parents[1] / "templates"
HUES = 12
TALL_UNDER, WIDE_OVER = 0.8, 1.25


def hue(handle: str) -> str:
    """The class of a creator's colour; the sum of `page.js`."""
    return f"hue-{sum(map(ord, handle)) % HUES}"


def shape(item: dict[str, Any]) -> str:
    """Which frame a clip gets: tall, square or wide; as in `clip.js`."""
    ratio = item["width"] / item["height"] if item["width"] and item["height"] else 9 / 16
    if ratio < TALL_UNDER:
        return "tall"
    return "wide" if ratio > WIDE_OVER else "square"


def compact(number: int) -> str:
    """1234 → 1.2K, as `Intl.NumberFormat` writes it."""
    for limit, letter in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")):
        if number >= limit * 0.9995 or (limit == 1_000 and number >= limit):
            return f"{number / limit:.1f}".removesuffix(".0") + letter
    return str(number)


def day(moment: datetime) -> str:
    """1 May 2026."""
    return f"{moment.day} {moment:%B %Y}"


def thousands(number: int) -> str:
    """12345 → 12,345."""
    return f"{number:,}"


def clock_time(duration_ms: int) -> str:
    """83000 → 1:23."""
    minutes, seconds = divmod(max(1, round(duration_ms / 1_000)), 60)
    return f"{minutes}:{seconds:02}"


def reading_minutes(duration_ms: int) -> int:
    """How many minutes it takes to read, at least one; as in `clip.js`."""
    return max(1, round(duration_ms / 60_000))


def host(address: str) -> str:
    """The host of an address, without `www.`; as in `clip.js`."""
    return (urlsplit(address).hostname or "").removeprefix("www.")


@cache
def templates() -> Environment:
    """The one environment. A name that is not given is an error, not an empty place."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(asset=asset, hue=hue, shape=shape)
    made.filters.update(compact=compact, clock_time=clock_time, day=day, thousands=thousands)
    made.filters.update(reading_minutes=reading_minutes, host=host)
    return made


def asset(path: str) -> str:
    """The address of one of our own static files."""
    return f"/static/{path}"
