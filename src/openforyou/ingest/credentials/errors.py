"""What can go wrong with an operator's certificate, key or trust list; none of it is a creator's fault."""

from __future__ import annotations

from openforyou.core.errors import BadInput, OpenForYouError


class BadTrustList(BadInput):
    """Not certificates."""

    code = "bad_trust_list"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"OPENFORYOU_C2PA_TRUST cannot be used: {why}.",
            hint="It names a file of certificates, one after the other, each between BEGIN and END CERTIFICATE.",
            field="OPENFORYOU_C2PA_TRUST",
        )


class BadIdentity(BadInput):
    """Certificate and key cannot sign."""

    code = "bad_signing_identity"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"OPENFORYOU_C2PA_CERT and OPENFORYOU_C2PA_KEY cannot sign: {why}.",
            hint="Give the signer's certificate with its chain, and its key, both as PEM: see docs/credentials.md.",
            field="OPENFORYOU_C2PA_CERT",
        )


class NotSigned(OpenForYouError):
    """A file could not be signed; it is as it was."""

    code = "not_signed"
