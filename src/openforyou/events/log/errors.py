"""Why nothing can be published, or no receipt given."""

from openforyou.core.errors import Conflict, NotFound, Unavailable


class LogBusy(Conflict):
    """Another process writes the log."""

    code = "log_busy"


class LogBehind(Unavailable):
    """Log and database do not belong together: one of them is older than the other allows."""

    code = "log_behind"


class LogGap(Unavailable):
    """What was accepted is not on its way any more: the queue was changed by hand. Nothing is published over it."""

    code = "log_gap"


class NotInLog(Conflict):
    """The published log does not hold what was accepted. This is evidence against whoever runs the platform."""

    code = "not_in_log"


class NoReceipt(NotFound):
    """There is no such event of this viewer's, or it moved no number."""

    code = "no_receipt"


class NotYetPublished(Unavailable):
    """Accepted, and in the log within a second or two."""

    code = "not_yet_published"
