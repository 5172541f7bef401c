"""What may be asked of a broker, by name. Other rooms add their own operations to the same registry.

An operation takes the arguments as they came, checks each, and answers an object; an error of ours travels back in its
own words. It runs on the thread of its connection, beside others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from openforyou.core.encoding import from_base64url, to_base64url
from openforyou.core.errors import BadInput
from openforyou.core.ids import MAX_ID
from openforyou.privacy.broker.keeper import SECRET_BYTES, LocalKeeper
from openforyou.privacy.vault.types import Field, Kind, Subject

AT_ONCE_MAX = 4_000
"""How many viewers, values or subjects one question may name."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who asks: the user of a process on this machine, or the name in a certificate."""

    uid: int | None = None
    name: str = ""


Operation = Callable[[Mapping[str, Any], Peer], Mapping[str, Any]]
Operations = dict[str, Operation]


def keeper_operations(keeper: LocalKeeper) -> Operations:
    """What `Keeper` promises, and `about` and `adopt` beside it."""
    on = _Keeping(keeper)
    return {
        "about": on.about,
        "seal": on.seal,
        "open_own": on.open_own,
        "mark": on.mark,
        "event_secrets": on.event_secrets,
        "destroy": on.destroy,
        "adopt": on.adopt,
    }


def argument(arguments: Mapping[str, Any], name: str, kind: type) -> Any:
    """An argument of exactly that type. Raises `BadInput` naming it."""
    value = arguments.get(name)
    if type(value) is not kind:
        raise BadInput(f"The broker was asked without {name}, or with another kind of it.", field=name)
    return value


def listed(arguments: Mapping[str, Any], name: str) -> list[Any]:
    """A list of at most `AT_ONCE_MAX`. Raises `BadInput`."""
    values: list[Any] = argument(arguments, name, list)
    if len(values) > AT_ONCE_MAX:
        raise BadInput(f"{len(values)} {name} at once.", hint=f"At most {AT_ONCE_MAX}.", field=name)
    return values


def bytes_of(value: Any, name: str) -> bytes:
    """The bytes behind base 64. Raises `BadInput` naming the argument, and not showing it."""
    try:
        return from_base64url(value)
    except (ValueError, TypeError, AttributeError):
        raise BadInput(f"{name} holds what is not base 64.", field=name) from None


def subject_of(kind: Any, number: Any) -> Subject:
    """A person. Raises `BadInput`."""
    try:
        known = Kind(kind)
    except ValueError:
        raise BadInput("The broker knows accounts and viewers.", field="kind") from None
    return Subject(known, id_of(number))


def id_of(number: Any) -> int:
    """An id. Raises `BadInput`."""
    if type(number) is not int or not 0 < number <= MAX_ID:
        raise BadInput("The broker was asked for what is not an id.", field="id")
    return number


def field_of(name: Any) -> Field:
    """A field. Raises `BadInput`."""
    try:
        return Field(name)
    except ValueError:
        raise BadInput("The broker knows no such field.", field="field") from None


def values_of(arguments: Mapping[str, Any], name: str) -> dict[Field, bytes]:
    """Bytes by field. Raises `BadInput`."""
    given: dict[str, Any] = argument(arguments, name, dict)
    return {field_of(one): bytes_of(value, one) for one, value in given.items()}


def told(values: Mapping[Field, bytes]) -> dict[str, str]:
    """Bytes by field, as they travel."""
    return {field.value: to_base64url(value) for field, value in values.items()}


class _Keeping:
    """Each operation: arguments taken apart, the keeper asked, the answer put together."""

    def __init__(self, keeper: LocalKeeper) -> None:
        self._keeper = keeper

    def about(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002 - an operation's form
        return {"region": self._keeper.region}

    def seal(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        subject = subject_of(arguments.get("kind"), arguments.get("id"))
        return {"sealed": told(self._keeper.seal(subject, values_of(arguments, "values")))}

    def open_own(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        subject = subject_of(arguments.get("kind"), arguments.get("id"))
        return {"values": told(self._keeper.open_own(subject, values_of(arguments, "sealed")))}

    def mark(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        field = field_of(arguments.get("field"))
        marks = self._keeper.mark(field, [bytes_of(one, "values") for one in listed(arguments, "values")])
        return {"marks": [to_base64url(one) for one in marks]}

    def event_secrets(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        viewers = _ids(listed(arguments, "viewers"))
        found = self._keeper.event_secrets(viewers)
        return {"secrets": [to_base64url(found[one]) for one in viewers]}

    def destroy(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        named = listed(arguments, "subjects")
        if not all(isinstance(one, list) and len(one) == 2 for one in named):
            raise BadInput("Subjects are pairs of kind and id.", field="subjects")
        return {"count": self._keeper.destroy([subject_of(kind, number) for kind, number in named])}

    def adopt(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        viewers = _ids(listed(arguments, "viewers"))
        secrets = [bytes_of(one, "secrets") for one in listed(arguments, "secrets")]
        if len(viewers) != len(secrets) or any(len(one) != SECRET_BYTES for one in secrets):
            raise BadInput(f"Each viewer has one secret of {SECRET_BYTES} bytes.", field="secrets")
        self._keeper.adopt(dict(zip(viewers, secrets, strict=True)))
        return {}


def _ids(numbers: Collection[Any]) -> list[int]:
    return [id_of(one) for one in numbers]
