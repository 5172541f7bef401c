"""Why a check cannot even begin, or cannot go on. Each ends as a problem in the report: none is ever a pass."""

from openforyou.core.errors import BadInput, OpenForYouError


class ShownFailed(OpenForYouError):
    """The place that shows the numbers does not answer, or answers nonsense. The message names the address."""

    code = "shown_failed"


class BadMemory(BadInput):
    """The file of `--remember` is not one that this command wrote."""

    code = "bad_memory"


class OtherKey(OpenForYouError):
    """The log is signed with another key than it was before."""

    code = "other_key"


class Overcrowded(OpenForYouError):
    """So many leaves bear one nullifier that they do not fit into memory; no honest log has them."""

    code = "overcrowded"
