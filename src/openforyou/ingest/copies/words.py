"""What a creator is told of a match."""

from __future__ import annotations

from openforyou.core.ids import encode_id
from openforyou.ingest.copies.types import Comparison


def refusal(found: Comparison, handle: str, *, is_public: bool) -> str:
    """Whose it is, where to see it, which part, and what was changed."""
    whose = (
        f"a clip of @{handle} (/item/{encode_id(found.other_id)})"
        if is_public
        else f"a clip of @{handle}, not public yet"
    )
    spans = found.spans
    part = (
        f"{clock(spans.clip_from_ms)} to {clock(spans.clip_to_ms)} of it is "
        f"{clock(spans.other_from_ms)} to {clock(spans.other_to_ms)} of theirs"
    )
    how = f", {found.alteration}" if found.alteration else ""
    return f"This is {whose}: {part}{how}."


def hold(handle: str) -> str:
    """That a person looks at it, and beside whose."""
    return (
        f"It shows the same scene as a clip of @{handle}. A person looks at both before it is published; "
        "nobody but you sees it until then."
    )


def clock(time_ms: int) -> str:
    """As 0:07."""
    minutes, seconds = divmod(round(time_ms / 1_000), 60)
    return f"{minutes}:{seconds:02d}"
