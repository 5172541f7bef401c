"""Other regions' brokers, as the file OPENFORYOU_REGIONS names them, and moves between them.

A list in JSON: `[{"region": "north", "address": "tls://…", "cert": …, "key": …, "ca": …}]`. For a broker on this
machine, `"data": "/path"` in place of the address names the data folder whose `broker` it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from openforyou.app.broker import Keeping, Reaching
from openforyou.app.settings import Settings
from openforyou.core.errors import BadInput
from openforyou.ledger import note
from openforyou.ledger.checkpoint import parse_checkpoint
from openforyou.ledger.keys import VerifyingKey
from openforyou.ledger.merkle import leaf_hash, verify_inclusion
from openforyou.ledger.reader import Log
from openforyou.ledger.source import Source
from openforyou.privacy.broker.address import Address, Tls
from openforyou.privacy.broker.client import BrokerClient
from openforyou.privacy.regions import rules
from openforyou.privacy.regions import store as regions_store
from openforyou.privacy.regions.errors import BadCertificate, InService
from openforyou.privacy.regions.journal import Journal
from openforyou.privacy.regions.moving import Moving
from openforyou.privacy.vault.crypto import REGION
from openforyou.storage.database import Database

if TYPE_CHECKING:
    from openforyou.app.platform import Platform

FIELD = "OPENFORYOU_REGIONS"
ASKED_S = 30.0
_NAMES = {"region", "address", "cert", "key", "ca", "data"}


def read_regions(path: str) -> dict[str, Mapping[str, str]]:
    """By region, what the file says; nothing where no file is set. Raises `BadInput`."""
    if not path:
        return {}
    try:
        told = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read: {error}.", hint="See docs/vault.md.", field=FIELD) from error
    rows = told if isinstance(told, list) else [None]
    found: dict[str, Mapping[str, str]] = {}
    for each in rows:
        row: dict[str, str] = each if isinstance(each, dict) else {}
        sound = row.keys() <= _NAMES and all(isinstance(one, str) for one in row.values())
        sound = sound and REGION.fullmatch(row.get("region", "")) is not None
        if not sound or ("address" in row) == ("data" in row) or row["region"] in found:
            raise BadInput(
                f"{path} does not name each region once, with an address or a folder.",
                hint='[{"region": "north", "address": "unix:/run/north.sock"}]; see docs/vault.md.',
                field=FIELD,
            )
        found[row["region"]] = row
    return found


def broker_of(settings: Settings, region: str) -> Keeping:
    """Whoever keeps that region's keys; the caller closes it. Raises `BadInput` where nobody is named."""
    row = read_regions(settings.regions).get(region)
    if row is None:
        raise BadInput(
            f"No broker of the region {region} is known here.", hint=f"Name it in the file of {FIELD}.", field=FIELD
        )
    if "data" in row:
        return Reaching(Settings.model_construct(data=Path(row["data"]), region=region))
    files = [row.get(name, "") for name in ("cert", "key", "ca")]
    tls = Tls(*files) if all(files) else None
    return BrokerClient(Address.read(row["address"], FIELD), tls, timeout_s=ASKED_S)


def moving(platform: Platform, target: Keeping) -> Moving:
    """From this platform's region, by its own broker, to the target's."""
    return Moving(platform.database, platform.clock, (platform.keeper, target), folder(platform.settings))


@contextmanager
def serving(database: Database) -> Iterator[None]:
    """The platform is in service while this lasts, beside other processes of it. Raises `InService` during a move."""
    with _held(database, regions_store.claim_serving) as is_ours:
        if not is_ours:
            raise InService("People are being moved to another region.", hint="Serve again when the move has ended.")
        yield


@contextmanager
def out_of_service(database: Database) -> Iterator[None]:
    """Nobody serves while this lasts. Raises `InService` where somebody does."""
    with _held(database, regions_store.claim_move) as is_ours:
        if not is_ours:
            raise InService(
                "`openforyou serve` runs on this database, or another move does.",
                hint="Stop every `openforyou serve` and `openforyou demo` of it, then run the same command again.",
            )
        yield


@contextmanager
def _held(database: Database, claim: Callable[[Connection], bool]) -> Iterator[bool]:
    """On a connection of its own, with which the claim ends."""
    connection = database.engine.connect()
    try:
        is_ours = claim(connection)
        connection.commit()
        yield is_ours
    finally:
        connection.invalidate()  # closed for good: in the pool it would keep the claim
        connection.close()


def folder(settings: Settings) -> Path:
    """Where the journal of the move from this region lies."""
    return settings.data / "regions" / settings.region


def journal(settings: Settings) -> Journal | None:
    """How far the move from this region has come."""
    return Journal.read(folder(settings))


def places(settings: Settings, also: list[Path]) -> tuple[list[Path], list[str]]:
    """What is looked at, and what lies elsewhere and is not."""
    beside = [f"{name}: files of other machines" for name in ("replicas", "archives of the write-ahead log")]
    if settings.database_url:
        beside.append("the files of the database at DATABASE_URL, but for what --also names")
    if settings.blobs:
        beside.append(f"media at {settings.blobs}, but for what --also names")
    if settings.broker:
        beside.append(f"the folder of the broker at {settings.broker}, but for what --also names")
    beside.append("entries about access by staff that the old broker keeps: who looked, and not what they saw")
    return [settings.data, *also], beside


def check_certificate(text: str, key: VerifyingKey, source: Source) -> dict[str, Any]:
    """What a certificate says, once it is known that `key` signed it and that the log of that key names it.

    Raises `BadCertificate`, and `LedgerError` where the log is not right.
    """
    body = rules.opened(text, [key])
    wanted = rules.leaf(body, rules.digest_of(text))
    log = Log(source)
    published = log.checkpoint_bytes()
    note.verify(note.parse_note(published), [key])
    checkpoint = parse_checkpoint(published)[0]
    index = 0
    for part in log.entries(0, checkpoint.size, checkpoint.size):
        if wanted in part:
            at = index + part.index(wanted)
            proof = log.inclusion_proof(at, checkpoint.size)
            verify_inclusion(
                index=at, size=checkpoint.size, leaf_hash=leaf_hash(wanted), proof=proof, root=checkpoint.root
            )
            return {**body, "leaf": at}
        index += len(part)
    raise BadCertificate(
        "The log does not name this certificate.", hint="Ask its operator; a good one stands there within seconds."
    )
