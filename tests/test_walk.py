"""Every column of every table says what a copy of it would tell; what tells who somebody is, is sealed or named here.

Walked twice: as the code declares the tables, and as they lie in a migrated database. A grep follows: somebody with
values that stand nowhere else lives here over HTTP; then every table, log, error page and file is searched for them.
"""

from __future__ import annotations

import logging
import os
import pkgutil
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text, text

import openforyou
from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ViewerId, decode_id, encode_id
from openforyou.storage.database import Database
from openforyou.storage.schema import MARK, OPERATIONAL, PERSONAL, PSEUDONYM, Nature, metadata
from openforyou.web.session import VIEWER_COOKIE
from tests.accounts.authenticator import Authenticator
from tests.dump import everything
from tests.web.conftest import ORIGIN, PASSWORD, Browser, World, event

for _module in pkgutil.walk_packages(openforyou.__path__, "openforyou."):
    if _module.name.endswith(".tables"):
        import_module(_module.name)

OPEN: dict[str, tuple[str, str]] = {
    "creators": ("account_id guarded", "which account publishes, whose owner is sealed; each upload asks both"),
    "identity_challenges": (
        "id creator_id platform who url method code secrets created_at expires_at tries",
        "an account elsewhere that is yet to be proven, for a day",
    ),
    "identities": (
        "id creator_id platform who url subject method code evidence proven_at checked_at expires_at look_at"
        " failing_since failure ended_at end_reason",
        "proofs are shown on their page and looked at again by a job, while nobody is signed in",
    ),
    "identity_checks": (
        "id creator_id platform who method result saw url sha256 at",
        "looks at those, as evidence where two people dispute an account",
    ),
    "imported_entries": (
        "creator_id platform external_id owner_handle owner_id kind title outcome reason item_id asked word given"
        " posted_at privacy source_url sound licence is_ai history files",
        "what somebody posted elsewhere, also in private: a job takes it in while they are away",
    ),
    "import_runs": (
        "creator_id name platform owner_handle owner_id rights show_private lines counts",
        "an archive on its way in, which a job works on while they are away",
    ),
    "events": ("detail", "the words of a report, which whoever moderates reads; they may name anybody"),
    "claims": ("handle", "a name that was handed over, to be given back by an appeal"),
    "claim_steps": ("words by", "what two sides said to each other and who of the staff decided"),
}
"""By table: columns that tell who somebody is and lie open, and why. It only shrinks: what is sealed is taken out."""

NAMES = re.compile(
    r"(?:^|_)(?:e_?mail|phone|birth\w*|age|street|address|ip|user_agent|device\w*|password|contact|minor|is_minor|ward_id"
    r"|guardian_id|latitude|longitude|viewer_email)(?:$|_)"
)
"""Columns with such a name tell who somebody is, whatever they are declared to be."""
BYTES = {Nature.SEALED, Nature.MARK}
ELSEWHERE = {"alembic_version.version_num"}
"""Kept by the migrations' own tool."""


def amiss(tables: MetaData, allowed: Iterable[str]) -> list[str]:
    """Each column that is not classified, or tells who somebody is without a seal, a mark, or leave to."""
    found, used = [], set()
    for table in tables.tables.values():
        for column in table.columns:
            name, nature = f"{table.name}.{column.name}", column.info.get("nature")
            if not isinstance(nature, Nature):
                found.append(f"{name}: unclassified")
            elif nature is Nature.PERSONAL:
                used.add(name)
            elif nature in BYTES and not isinstance(column.type, LargeBinary):
                found.append(f"{name}: {nature} holds bytes")
            elif nature not in BYTES and NAMES.search(column.name) and name != "accounts.password_hash":
                found.append(f"{name}: its name is a person's, and it is declared {nature}")
    found += [f"{name}: lies open" for name in sorted(used - set(allowed))]
    found += [f"{name}: is listed, and does not lie open any more" for name in sorted(set(allowed) - used)]
    return found


def unknown(database: Database, tables: MetaData) -> list[str]:
    """Columns of the live database that no code declares."""
    with database.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns "
                "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
            )
        )
        live = {f"{row.table_name}.{row.column_name}" for row in rows}
    declared = {f"{table.name}.{column.name}" for table in tables.tables.values() for column in table.columns}
    assert declared <= live
    return sorted(live - declared - ELSEWHERE)


def allowed() -> list[str]:
    return [f"{table}.{column}" for table, (columns, _) in OPEN.items() for column in columns.split()]


def test_what_tells_who_somebody_is_is_sealed_or_named_here() -> None:
    assert len(metadata.tables) > 40
    assert amiss(metadata, allowed()) == []
    assert all(why for _, why in OPEN.values())


def test_the_live_database_has_no_column_that_nobody_declared(database: Database) -> None:
    assert unknown(database, metadata) == []


def test_the_walk_finds_what_is_wrong(database: Database) -> None:
    bad = MetaData()
    Table(
        "planted",
        bad,
        Column("id", BigInteger, primary_key=True, info=PSEUDONYM.why("x")),
        Column("hobby", Text, info=PERSONAL.why("x")),
        Column("home_address", Text, info=OPERATIONAL.why("x")),
        Column("name_mark", Text, info=MARK.why("x")),
        Column("shoe_size", Text, info={"purpose": "x"}),
    )
    assert amiss(bad, ["planted.sealed_since"]) == [
        "planted.home_address: its name is a person's, and it is declared operational",
        "planted.name_mark: mark holds bytes",
        "planted.shoe_size: unclassified",
        "planted.hobby: lies open",
        "planted.sealed_since: is listed, and does not lie open any more",
    ]
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE accounts ADD COLUMN nickname text; CREATE TABLE beside (x int)"))
    assert unknown(database, metadata) == ["accounts.nickname", "beside.x"]


# The grep

EMAIL, CHILD, PHONE = "zanzibar.quill@wyvern.example", "tadpole.quill@wyvern.example", "Vermilion Ocarina"
PERSONAL_VALUES = (EMAIL, CHILD, PHONE, "zanzibar", "tadpole", "wyvern.example")


class Lived:
    """Two people, a guardian and a minor, who use the platform over HTTP; and all that it answered to others."""

    def __init__(self, browser: Browser, world: World, clock: ManualClock) -> None:
        self.world, self._clock = world, clock
        self.adult, self.child, self.other = browser(), browser(), browser()
        self.answers: list[str] = []

    def live(self) -> None:
        self.world.item(self.world.creator())
        self.viewer = self._arrives(self.adult)
        key = Authenticator()
        options = self.adult.post("/v1/passkeys/sign-up/options", json={"email": EMAIL}).json()["publicKey"]
        told = {"credential": key.create(options, ORIGIN), "name": PHONE}
        assert self.adult.post("/v1/passkeys/sign-up", json=told).status_code == 201
        account = {"email": CHILD, "password": PASSWORD, "minor": True}
        assert self.child.post("/v1/accounts", json=account).status_code == 201
        code = self.child.post("/v1/guardian/invitations").json()["code"]
        assert self.adult.post("/v1/guardian/wards", json={"code": code}).json()["name"] == CHILD
        assert self.child.post("/v1/guardian/invitations").status_code == 201
        self.adult.post("/v1/passkeys/sign-up/options", json={"email": EMAIL})
        for page in ("/settings", "/guardian", "/rights"):
            assert self.adult.get(page).status_code == 200
        self._goes_wrong()

    def _arrives(self, client: TestClient) -> ViewerId:
        card = client.get("/v1/feed").json()["items"][0]
        self._clock.advance(timedelta(seconds=1))
        client.post("/v1/events", json={"events": [event("like", card, self._clock.now())]})
        return ViewerId(decode_id(client.cookies[VIEWER_COOKIE].partition(".")[0]))

    def _goes_wrong(self) -> None:
        """Everything that is refused or breaks with an e-mail in it, as anybody can cause it."""
        wrong = [
            ("/v1/accounts", {"email": EMAIL, "password": PASSWORD}),
            ("/v1/accounts", {"email": EMAIL, "password": "short"}),
            ("/v1/accounts", {"email": f"{EMAIL}@{EMAIL}", "password": PASSWORD}),
            ("/v1/accounts", {"email": [EMAIL], "password": PASSWORD}),
            ("/v1/sessions", {"email": EMAIL, "password": "wrong horse battery"}),
            ("/v1/passkeys/sign-up/options", {"email": f"{EMAIL}@"}),
            ("/v1/passkeys/sign-up", {"credential": {"id": EMAIL}, "name": PHONE}),
            ("/v1/guardian/wards", {"code": EMAIL}),
        ]
        for path, body in wrong:
            answer = self.other.post(path, json=body)
            assert answer.status_code >= 400, path
            self.answers.append(answer.text)
        with self.world.platform.database.begin() as connection:
            connection.execute(text("ALTER TABLE accounts RENAME COLUMN password_hash TO broken"))
        for path, body in (wrong[0], wrong[4]):
            answer = self.other.post(path, json=body, headers={"Accept": "text/html"})
            assert answer.status_code == 500, answer.text
            self.answers.append(answer.text)
        with self.world.platform.database.begin() as connection:
            connection.execute(text("ALTER TABLE accounts RENAME COLUMN broken TO password_hash"))


def test_what_was_said_of_a_person_stands_nowhere(
    browser: Browser,
    world: World,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    lived = Lived(browser, world, clock)
    lived.live()
    world.platform.log.step()
    said = caplog.text + "".join(capfd.readouterr())
    assert len(said) > 100, "something was logged"
    places = {"what was answered": "\n".join(lived.answers), "what was logged": said}
    places |= {f"table {table}": rows for table, rows in everything(world.platform.database).items()}
    assert [(place, value) for place, told in places.items() for value in PERSONAL_VALUES if value in told] == []
    _no_row_joins(world.platform, lived.viewer)
    searched = 0
    for path in files(world.platform, tmp_path):
        content = path.read_bytes()
        searched += len(content)
        assert [value for value in PERSONAL_VALUES if value.encode() in content] == [], path
    assert searched > 1_000_000


def _no_row_joins(platform: Platform, viewer: ViewerId) -> None:
    """No row names both an account and the pseudonym that its owner watches under."""
    with platform.database.connect() as connection:
        accounts = [str(one) for one in connection.scalars(text("SELECT id FROM accounts"))]
    assert len(accounts) == 2
    pseudonym = (str(viewer), encode_id(viewer))
    dumped = everything(platform.database)
    seen = "\n".join(dumped.values())
    assert pseudonym[0] in seen, "they did something under it"
    joined = [
        (table, row)
        for table, rows in dumped.items()
        for row in rows.split("\n")
        if any(one in row for one in accounts) and any(one in row for one in pseudonym)
    ]
    assert joined == []


def files(platform: Platform, folder: Path) -> Iterator[Path]:
    """All that lies on the disk: the platform's folder, and the database's own with its write-ahead log."""
    with platform.database.glance() as connection:
        connection.execute(text("CHECKPOINT"))
        postgres = Path(str(connection.scalar(text("SHOW data_directory"))))
        number = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    if not os.access(postgres, os.R_OK | os.X_OK):
        pytest.skip("another user's server: its files cannot be read")
    for root in (folder, postgres / "base" / str(number), postgres / "pg_wal"):
        yield from (path for path in root.rglob("*") if path.is_file() and path.stat().st_size < 64 << 20)
