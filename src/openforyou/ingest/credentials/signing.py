"""Signs files in place: a file is signed whole, or left as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import c2pa

from openforyou.ingest.credentials import containers
from openforyou.ingest.credentials.errors import NotSigned
from openforyou.ingest.credentials.identity import Identity
from openforyou.ingest.credentials.library import context

MANIFEST_BYTES_MAX = 200_000
"""It lies before a clip's index, so that a player loads it first."""
ANY_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Part:
    """A file that another is made from. `is_named`: by its title alone, without whatever manifest it has."""

    path: Path
    told: Mapping[str, Any]
    """As `manifests.ingredient` makes it."""
    is_named: bool = False


class Signer:
    """Signs as one identity. Use from any number of threads."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._context = context()

    def sign(self, path: Path, manifest: Mapping[str, Any], parts: Sequence[Part] = ()) -> int:
        """Put a manifest into the file at `path`, with those of its parts; answers its size in bytes.

        Raises `NotSigned`, also where all of them together are too large. Whatever else is raised, the file stays.
        """
        staged = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            size = self._signed(path, staged, manifest, parts)
            if size > MANIFEST_BYTES_MAX:
                raise NotSigned(f"The manifest of {path.name} would have {size} bytes.", hint="Name its parts only.")
            staged.replace(path)
        except c2pa.C2paError as error:
            hint = "Check the signing certificate: docs/credentials.md."
            raise NotSigned(f"{path.name} could not be signed: {error}.", hint=hint) from error
        finally:
            staged.unlink(missing_ok=True)
        return size

    def _signed(self, path: Path, target: Path, manifest: Mapping[str, Any], parts: Sequence[Part]) -> int:
        definition = {**manifest, "ingredients": [_named(part) for part in parts if part.is_named]}
        with c2pa.Builder.from_json(json.dumps(definition), self._context) as builder, self._signer() as signer:
            for part in parts:
                if not part.is_named:
                    with part.path.open("rb") as file:
                        builder.add_ingredient(json.dumps(part.told), containers.media_type(part.path), file)
            with path.open("rb") as source, target.open("w+b") as signed:
                return len(builder.sign(signer, containers.media_type(path), source, signed))

    def _signer(self) -> c2pa.Signer:
        known = self._identity
        return c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(known.algorithm, known.chain.encode(), known.key.encode(), None)
        )


def _named(part: Part) -> dict[str, Any]:
    """An ingredient without a manifest, which the library would not look for."""
    media_type = containers.media_type(part.path) or ANY_TYPE
    return {**part.told, "format": media_type, "instance_id": f"xmp.iid:{uuid4()}"}
