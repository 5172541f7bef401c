"""Credentials in words: pure."""

from __future__ import annotations

from openforyou.catalog.credentials.types import CredentialState

AI_MADE = "AI-made, by its maker's word"


def words(state: CredentialState, signed_by: str) -> str:
    """One sentence for people; empty where there is nothing to say."""
    signer = signed_by or "somebody without a name"
    return {
        CredentialState.NONE: "",
        CredentialState.TRUSTED: f"Signed by {signer}, unchanged since.",
        CredentialState.UNTRUSTED: f"Signed by {signer}, unchanged since. That signer is not known here.",
        CredentialState.BROKEN: f"Changed after it was signed, it says by {signer}.",
        CredentialState.UNREADABLE: "Something stands where its Content Credentials belong, and cannot be read.",
        CredentialState.STRIPPED: "Its Content Credentials were taken out: only a trace of them came with it.",
    }[state]
