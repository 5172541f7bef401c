"""How a file can fail. Each names the file, safely for a terminal and a page, and says what to do next."""

from __future__ import annotations

import unicodedata

from openforyou.core.errors import BadInput, BadMedia, TooLarge

SHOWN_LENGTH_MAX = 80
CONVERT = "Save it as MP4 with H.264 and AAC and hand that in."
EXPORT_AGAIN = "Export it again from where it was made, or copy it again, and hand that in."


def shown(name: str) -> str:
    """`name` for an error: control and format characters and lone surrogates escaped, shortened."""
    plain = "".join(
        letter if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} else f"\\u{ord(letter):04x}"
        for letter in name
    )
    return plain if len(plain) <= SHOWN_LENGTH_MAX else plain[: SHOWN_LENGTH_MAX - 1] + "…"


class BadName(BadInput):
    """A file name that is more than a name."""

    code = "bad_name"

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"{shown(name)} is not a usable file name: {why}.",
            hint="Rename it to letters, digits, spaces, dots, dashes and underscores.",
            field="name",
        )


class NotAFile(BadInput):
    """Nothing there to read."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{shown(name)} is not a file that can be read.", hint="Check the path.", field="file")


class NotAClip(BadMedia):
    """Cannot be read as a video at all."""

    def __init__(self, name: str, why: str, hint: str = CONVERT) -> None:
        super().__init__(f"{shown(name)} {why}.", hint=hint, field="file")


class CutShort(BadMedia):
    """Ends long before its own end."""

    code = "cut_short"

    def __init__(self, name: str, played_s: float, claimed_s: float) -> None:
        super().__init__(
            f"{shown(name)} is cut short: it says {claimed_s:.1f} s and breaks off after {played_s:.1f} s.",
            hint=EXPORT_AGAIN,
            field="file",
        )


class OverLimit(TooLarge):
    """Longer, larger or busier than the limits allow."""

    def __init__(self, name: str, what: str, hint: str) -> None:
        super().__init__(f"{shown(name)} {what}.", hint=hint, field="file")


class GaveUp(BadMedia):
    """Every attempt broke off, which may be nobody's fault: the operator finds it in the list of the failed."""

    code = "gave_up"

    def __init__(self, name: str, attempts: int) -> None:
        super().__init__(
            f"{shown(name)} could not be processed: {attempts} attempts broke off.", hint=CONVERT, field="file"
        )


class SourceGone(BadInput):
    """The blob that held the upload is not there any more."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The uploaded file {shown(name)} is gone.", hint="Upload it again.", field="file")
