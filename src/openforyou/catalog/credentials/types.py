"""What a file's own credentials say (C2PA), and the refusals that come of them (CAWG training and data mining)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class CredentialState(StrEnum):
    """How far a file's credentials hold."""

    NONE = "none"
    """The file has none, and no trace of any."""
    TRUSTED = "trusted"
    """Unchanged since it was signed, by a signer on this platform's trust list."""
    UNTRUSTED = "untrusted"
    """Unchanged since it was signed, by a signer who is not on the list, or whose certificate was not good then."""
    BROKEN = "broken"
    """Something was changed after it was signed."""
    UNREADABLE = "unreadable"
    """Where credentials belong lies something that cannot be read as such."""
    STRIPPED = "stripped"
    """A trace of credentials is left, as a reference to where they lie, and they are not in the file."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that was done, by the word of whoever signed. `when` is as written, mostly ISO 8601; may be empty."""

    name: str
    when: str = ""
    source_type: str = ""
    """The last part of an IPTC digital source type, as `trainedAlgorithmicMedia`."""
    software: str = ""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One thing that it was made from. `manifest` is the label of its own manifest; empty where it has none here."""

    title: str
    relation: str
    format: str = ""
    manifest: str = ""


@dataclass(frozen=True, slots=True)
class Mining:
    """One training and data mining assertion. `uses` is by purpose without its prefix, as `ai_training`."""

    manifest: str
    label: str
    uses: dict[str, str]
    text: str
    """The assertion itself, as JSON; cut where it is very long."""
    terms: dict[str, str] = field(default_factory=dict)
    """By purpose, the words of a constraint."""

    @property
    def refuses_learning(self) -> bool:
        """It forbids what the right `learn` would allow; why these two purposes: docs/credentials.md."""
        if not self.uses:
            return True
        return any(self.uses.get(purpose, ALLOWED) != ALLOWED for purpose in LEARNING)


ALLOWED = "allowed"
LEARNING = ("ai_training", "data_mining")
"""The purposes that learning from an item amounts to. What is neither `allowed` nor absent is a refusal."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """All that was read of one file. Texts come from whoever made the file: bounded, and never taken for markup."""

    state: CredentialState = CredentialState.NONE
    signer: str = ""
    """The name in the certificate."""
    organization: str = ""
    issuer: str = ""
    """Who gave the signer their certificate."""
    generator: str = ""
    """The software that made the manifest, by its own word."""
    title: str = ""
    signed_at: str = ""
    """From a time stamp where there is one; else the time of the last action, by the signer's word."""
    ai_made: bool = False
    """Some action, of this manifest or one before it, says that a trained model made it or a part of it."""
    manifest: str = ""
    """The label of the active manifest."""
    actions: tuple[Action, ...] = ()
    """Of the active manifest, in order."""
    ingredients: tuple[Ingredient, ...] = ()
    mining: tuple[Mining, ...] = ()
    """Of every manifest in the file."""
    problems: tuple[str, ...] = ()
    """Codes of what did not hold, as C2PA names them, as `assertion.bmffHash.mismatch`."""
    kept: bool = False
    """The published renditions were signed anew, and refer to this."""

    @property
    def signed_by(self) -> str:
        """The signer in a few words."""
        return self.signer or self.organization

    @property
    def refusals(self) -> tuple[Mining, ...]:
        """Those that take the right `learn` away."""
        return tuple(one for one in self.mining if one.refuses_learning)

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Credentials:
        """The inverse of `as_dict`."""
        parts = {"actions": Action, "ingredients": Ingredient, "mining": Mining}
        made = {name: tuple(kind(**one) for one in told[name]) for name, kind in parts.items()}
        state, problems = CredentialState(told["state"]), tuple(told["problems"])
        return cls(**{**told, **made, "state": state, "problems": problems})


@dataclass(frozen=True, slots=True)
class OptOut:
    """A refusal of the right `learn` that came with the content, kept as evidence."""

    kind: str
    """Which signal: `c2pa`."""
    source: str
    """Where it stood: for C2PA the label of the manifest."""
    label: str
    """Of the assertion, as `cawg.training-mining`."""
    said: str
    """Its text."""
    state: str
    """How far it was proven then; a refusal holds in any state."""
    at: datetime
