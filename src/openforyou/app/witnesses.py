"""The witnesses that this platform's log asks before it publishes: from the setting to what a writer calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from openforyou.app.settings import Settings
from openforyou.core.errors import BadInput
from openforyou.ledger.cosigning import Cosigners
from openforyou.ledger.errors import BadPolicy
from openforyou.ledger.policy import POLICY_BYTES_MAX, Policy
from openforyou.ledger.source import FolderSource


def witness_policy(settings: Settings) -> Policy | None:
    """The policy in the file that OPENFORYOU_WITNESS_POLICY names; None where it names none. Raises `BadInput`."""
    if not settings.witness_policy:
        return None
    path = Path(settings.witness_policy)
    try:
        with path.open("rb") as file:
            return Policy.parse(file.read(POLICY_BYTES_MAX + 1))
    except (OSError, BadPolicy) as error:
        reason = error.message if isinstance(error, BadPolicy) else error.strerror
        raise BadInput(
            f"OPENFORYOU_WITNESS_POLICY names {path}, which cannot be used: {reason}.",
            hint="`openforyou witness policy` writes such a file; docs/witness.md says how.",
            field="OPENFORYOU_WITNESS_POLICY",
        ) from error


@contextmanager
def asking(settings: Settings) -> Iterator[Callable[[bytes, int], bytes] | None]:
    """What a writer of the settings' log calls for cosignatures; None where it asks nobody. Raises `BadInput`."""
    policy = witness_policy(settings)
    if policy is None:
        yield None
        return
    try:
        cosigners = Cosigners(policy)
    except BadPolicy as error:
        raise BadInput(
            f"{settings.witness_policy}: {error.message}.", hint=error.hint, field="OPENFORYOU_WITNESS_POLICY"
        ) from error
    with cosigners:
        yield cosigners.for_log(FolderSource(settings.log_folder))
