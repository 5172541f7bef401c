"""What can end the making of the demo world early."""

from openforyou.core.errors import OpenForYouError


class Stopped(OpenForYouError):
    """Somebody asked it to stop."""

    code = "stopped"

    def __init__(self) -> None:
        super().__init__("The demo world was stopped before it was whole.", hint="Start again: it goes on there.")
