"""Who signs: an operator's certificate and key, or a pair made here, which proves only that nothing changed since.

A made one leads to an authority of its own whose key is thrown away at once: a certificate that signs itself is not
accepted by C2PA, and an authority that nobody can use again cannot vouch for anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from openforyou.ingest.credentials.errors import BadIdentity

SELF_MADE_NAME, SELF_MADE_ORGANIZATION = "OpenForYou, self-made certificate", "On nobody's trust list"
SELF_MADE_DAYS = 3_650
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its chain and its key, both PEM, and the signature algorithm that goes with the key."""

    chain: str
    key: str
    algorithm: str

    @property
    def authority(self) -> str:
        """The chain without the signer's own certificate."""
        return self.chain.partition("-----END CERTIFICATE-----\n")[2]


def identity(chain: bytes, key: bytes) -> Identity:
    """Of PEM: certificates, the signer's first, and a key without password. Raises `BadIdentity`."""
    try:
        leaf, *_ = certificates = x509.load_pem_x509_certificates(chain)
        private = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise BadIdentity(str(error).splitlines()[0][:200]) from error
    if private.public_key() != leaf.public_key():
        raise BadIdentity("the key is not the first certificate's")
    plain = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    parts = [one.public_bytes(serialization.Encoding.PEM).decode() for one in certificates]
    return Identity("".join(parts), plain.decode(), _algorithm(private))


def _algorithm(key: object) -> str:
    """As C2PA names it (2.4, 13.2). Raises `BadIdentity`."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise BadIdentity("the key is none of P-256, P-384, P-521, RSA and Ed25519")


def self_made(now: datetime) -> bytes:
    """A new key and its certificates, as one PEM file, good for ten years."""
    authority, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(f"{SELF_MADE_NAME}: authority", authority.public_key(), authority, now)
    leaf = _certificate(SELF_MADE_NAME, signer.public_key(), authority, now)
    pem = serialization.Encoding.PEM
    key = signer.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key + leaf.public_bytes(pem) + root.public_bytes(pem)


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey, authority: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.Certificate:
    """By the certificate profile of C2PA 2.4, 14.5: the authority's own where `key` is the authority's."""
    is_authority = key == authority.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(f"{SELF_MADE_NAME}: authority"))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=SELF_MADE_DAYS))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(_usage(is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
    )
    if not is_authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, critical=False)
    return builder.sign(authority, hashes.SHA256())


def _name(common: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, SELF_MADE_ORGANIZATION)
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
