"""Everything that an operator can set, read once at start from the environment."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from openforyou.core.errors import BadInput

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
    threads: int = Field(0, ge=0, le=256, description="Threads for model and media work; 0: one a core.")

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

    def signing_key(self) -> bytes:
        """The key of cookies and feed contexts: made once, kept in `DATA/signing.key`, readable by its owner alone."""
        path = self.data / "signing.key"
        self.data.mkdir(parents=True, exist_ok=True)
        staged = path.with_name(f".signing.{secrets.token_hex(8)}")
        if not path.exists():
            descriptor = os.open(staged, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            try:
                os.link(staged, path)  # Fails when another process made it first: then that one holds.
            except FileExistsError:
                pass
            finally:
                staged.unlink()
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise BadInput(
                f"{path} is damaged: {len(key)} bytes instead of {KEY_BYTES}.",
                hint="Restore it from a backup, or delete it: everybody then has to sign in again.",
            )
        return key
