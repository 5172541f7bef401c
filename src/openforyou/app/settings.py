"""Everything that an operator can set, read once at start from the environment."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from openforyou.core.errors import BadInput
from openforyou.ledger.keys import SigningKey

DEFAULT_DATA = Path("openforyou-data")
KEY_BYTES = 32


class Settings(BaseSettings):
    """From `OPENFORYOU_…` (and `DATABASE_URL`); the command line sets `data` by `--data`."""

    model_config = SettingsConfigDict(env_prefix="OPENFORYOU_", extra="ignore", frozen=True)

    data: Path = Field(DEFAULT_DATA, description="Folder for the embedded database, media and keys.")
    database_url: str = Field(
        "",
        validation_alias="DATABASE_URL",
        description="A PostgreSQL of your own; empty: the embedded one.",
    )
    blobs: str = Field("", description="Where media lies: a folder or s3://bucket/prefix; empty: DATA/blobs.")
    origin: str = Field("", description="The public address, as https://example.org; empty: as the browser says.")
    upload_max_mb: int = Field(2_000, ge=1, le=100_000, description="The largest upload, in megabytes.")
    import_max_mb: int = Field(
        8_000, ge=1, le=1_000_000, description="The largest archive from elsewhere, in megabytes."
    )
    threads: int = Field(0, ge=0, le=256, description="Threads for model and media work; 0: one a core.")
    update_s: int = Field(
        10,
        ge=0,
        le=20,
        description="Seconds between two looks for what the model in service can learn; 0: full trainings alone.",
    )
    forget_hours: float = Field(
        24,
        ge=0.01,
        le=720,
        description="Hours from a right to learn taken back until no model is left that learned by it.",
    )
    keep_history_days: int = Field(
        730,
        ge=30,
        le=3_650,
        description="Days that raw events and slates are kept; feeds and models are made from the folded state.",
    )
    statistics_epsilon: Decimal = Field(
        Decimal(4),
        ge=0,
        le=20,
        decimal_places=6,
        description="What all statistics about people that are answered in a month may tell of one of them: epsilon of "
        "differential privacy; 0: none is answered.",
    )
    statistics_delta: Decimal = Field(
        Decimal("0.000001"),
        ge=0,
        le=Decimal("0.0001"),
        decimal_places=12,
        description="And delta: the chance that a month's answers tell more than that.",
    )
    witness_policy: str = Field(
        "", description="File that names the witnesses of the log, and how many must cosign; empty: nobody is asked."
    )
    outside_allow: str = Field(
        "", description="Private networks that may be asked too, as 10.1.0.0/16,fd00:1::/64; empty: public ones alone."
    )
    outside_dns: str = Field(
        "", description="Name server to ask, as 192.0.2.53 or 192.0.2.53:5300; empty: those of the machine."
    )
    identity_providers: str = Field(
        "", description="File with the providers that people may prove accounts by signing in with; empty: none."
    )
    plc_directory: str = Field("https://plc.directory", description="Directory that resolves AT Protocol identifiers.")

    region: str = Field(
        "home",
        pattern=r"^[a-z0-9][a-z0-9-]{0,31}$",
        description="The region whose people are at home here; their keys are kept by its broker.",
    )
    broker: str = Field(
        "",
        description="Who keeps people's keys: unix:/path/of/broker.sock or tls://host:port; empty: one that is started "
        "on DATA/broker.",
    )
    broker_cert: str = Field("", description="File with the certificate that a broker behind tls:// knows us by.")
    broker_key: str = Field("", description="File with that certificate's key, without a password.")
    broker_ca: str = Field("", description="File with the authority's certificate that the broker's leads to.")

    regions: str = Field(
        "", description="File that names the brokers of other regions, for moves between them; empty: none is known."
    )
    broker_log: str = Field(
        "", description="Where a broker reads the public log, as https://example.org/log; empty: DATA/log."
    )

    c2pa_cert: str = Field(
        "", description="File with the certificate that signs Content Credentials, and its chain; empty: self-made."
    )
    c2pa_key: str = Field("", description="File with that certificate's key, without a password.")
    c2pa_trust: str = Field(
        "", description="File of certificates that signers of Content Credentials may lead to; empty: nobody is known."
    )

    @classmethod
    def read(cls, data: Path | None = None) -> Settings:
        """From the environment; `data` wins over it. Raises `BadInput` naming the variable."""
        try:
            settings = cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = "OPENFORYOU_" + "_".join(str(part) for part in first["loc"]).upper()
            raise BadInput(f"{name}: {first['msg']}.", hint="See docs/settings.md.", field=name) from error
        return settings if data is None else settings.model_copy(update={"data": data})

    @property
    def blobs_url(self) -> str:
        """Where media lies."""
        return self.blobs or str((self.data / "blobs").resolve())

    @property
    def log_folder(self) -> Path:
        """Where the public log lies."""
        return self.data / "log"

    @property
    def broker_folder(self) -> Path:
        """Where a broker of this machine keeps the keys."""
        return self.data / "broker"

    def log_key(self) -> SigningKey:
        """The key that signs the log: made once, kept in `DATA/log.key`, readable by its owner alone.

        The log's name is the public address at that moment, or a made-up one: it stays, for it is in every checkpoint.
        """
        path = self.data / "log.key"
        if not path.exists():
            host = urlsplit(self.origin).netloc or f"openforyou.local/{secrets.token_hex(4)}"
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):  # another process made it first: then that one holds
                SigningKey.generate(host).save(path)
        return SigningKey.load(path)

    def signing_key(self) -> bytes:
        """The key of cookies and feed contexts: made once, kept in `DATA/signing.key`, readable by its owner alone."""
        path = self.data / "signing.key"
        if not path.exists():
            write_once(path, secrets.token_bytes(KEY_BYTES))
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise BadInput(
                f"{path} is damaged: {len(key)} bytes instead of {KEY_BYTES}.",
                hint="Restore it from a backup, or delete it: everybody then has to sign in again.",
            )
        return key


def write_once(path: Path, content: bytes) -> None:
    """Write a secret file, whole and for its owner alone, unless another process does so first: then that one holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(staged, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(staged, path)
    except FileExistsError:
        pass
    finally:
        staged.unlink()
