"""The C2PA library, set so that it works from the bytes at hand alone: no request leaves.

By itself it would fetch manifests that a file only refers to, ask certificate authorities whether a certificate was
revoked, and look identities up: each an address that whoever made the file can choose.
"""

from __future__ import annotations

from typing import Any

import c2pa

MANIFEST_MB_MAX = 16
PURPOSES = (
    "1.3.6.1.5.5.7.3.4",  # e-mail protection, which most signers have
    "1.3.6.1.5.5.7.3.36",  # document signing
    "1.3.6.1.4.1.311.76.59.1.9",  # Microsoft's C2PA signing
    "1.3.6.1.4.1.62558.2.1",  # C2PA claim signing, which the C2PA trust list asks for
)
"""What a signer's certificate may be for (extended key usages). The last one is not among the library's own."""

OFFLINE: dict[str, Any] = {
    "version": 1,
    "core": {
        "allowed_network_hosts": [],
        "decode_identity_assertions": False,
        "max_decompressed_manifest_size_in_mb": MANIFEST_MB_MAX,
    },
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True, "verify_after_sign": False},
    "builder": {"thumbnail": {"enabled": False}},
}


def context(trusted: str = "") -> c2pa.Context:
    """Reads and signs offline; signers that lead to the certificates `trusted` (PEM) are trusted, no others."""
    trust = {"trust_config": "\n".join(PURPOSES)} | ({"user_anchors": trusted} if trusted else {})
    return c2pa.Context.from_dict({**OFFLINE, "trust": trust})
