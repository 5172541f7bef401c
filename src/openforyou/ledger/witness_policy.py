"""Writing a policy (C2SP tlog-policy) for the common case: some logs, some witnesses, and k of them.

A witness may sign with several keys. It is then a group in which all must have signed, so that it counts once, and a
forger has to break each algorithm. Readers who know only one of them write a policy of their own with that key: a
checkpoint carries all the lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openforyou.core.errors import BadInput
from openforyou.ledger.keys import Algorithm, VerifyingKey
from openforyou.ledger.policy import Policy

QUORUM = "enough-witnesses"
SHORT = {Algorithm.ED25519_COSIGNATURE: "ed25519", Algorithm.MLDSA44_COSIGNATURE: "ml-dsa-44"}


@dataclass(frozen=True)
class Asked:
    """A witness: its keys, all under its name, and where it takes checkpoints; "" where nobody is to ask it."""

    keys: tuple[VerifyingKey, ...]
    url: str = ""


def write_policy(logs: Sequence[VerifyingKey], witnesses: Sequence[Asked], quorum: int) -> str:
    """The text of a policy in which `quorum` of the witnesses must have cosigned.

    Raises `BadInput` where there are fewer, or one has keys of two names, and `BadPolicy` where a key does not fit.
    """
    if not 1 <= quorum <= len(witnesses):
        raise BadInput(
            f"A quorum of {quorum} cannot be had from {len(witnesses)} witnesses.",
            hint=f"Choose from 1 to {len(witnesses)}, or name more witnesses.",
            field="quorum",
        )
    lines = [f"log {key.vkey()}" for key in logs]
    names = []
    for witness in witnesses:
        name, defined = _define(witness)
        names.append(name)
        lines += ["", *defined]
    if len(names) == 1:
        lines += ["", f"quorum {names[0]}"]
    else:
        lines += ["", f"group {QUORUM} {quorum} {' '.join(names)}", f"quorum {QUORUM}"]
    text = "".join(f"{line}\n" for line in lines)
    Policy.parse(text)  # what cannot be read is not handed out
    return text


def _define(witness: Asked) -> tuple[str, list[str]]:
    """The name of a witness in the policy, and the lines that define it."""
    name = witness.keys[0].name
    for key in witness.keys:
        if key.name != name:
            raise BadInput(
                f"Keys of {name} and of {key.name} were given as one witness.",
                hint="Name each witness by itself.",
                field="witness",
            )
    if len(witness.keys) == 1:
        return name, [f"witness {name} {witness.keys[0].vkey()} {witness.url}".rstrip()]
    members = [f"{name}:{SHORT.get(key.algorithm, key.algorithm.name)}" for key in witness.keys]
    lines = [
        f"witness {member} {key.vkey()} {witness.url}".rstrip()
        for member, key in zip(members, witness.keys, strict=True)
    ]
    return name, [*lines, f"group {name} all {' '.join(members)}"]
