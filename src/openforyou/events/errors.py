"""Why an event is refused. Each has a stable code, which is counted."""

from openforyou.core.errors import BadInput


class BadContext(BadInput):
    """`feed_context` was not made by this server for this viewer, or is too old."""

    code = "bad_context"


class BadTime(BadInput):
    """`occurred_at` cannot be true."""

    code = "bad_time"
