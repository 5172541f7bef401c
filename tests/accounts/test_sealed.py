"""Who somebody is lies under a seal: signing in opens it, being signed in needs nobody, and a copy tells nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from openforyou.accounts.errors import EmailTaken
from openforyou.accounts.guardians import Guardians
from openforyou.accounts.service import Accounts
from openforyou.accounts.types import Account, RelyingParty, Role
from openforyou.core.clock import ManualClock
from openforyou.core.errors import Unavailable
from openforyou.core.ids import ViewerId, encode_id
from openforyou.privacy.vault.errors import Unopened
from openforyou.storage.database import Database
from tests.accounts.authenticator import Authenticator
from tests.accounts.keeping import MemoryKeeper
from tests.dump import everything

EMAIL, PASSWORD = "ada@example.org", "correct horse"
ORIGIN = "https://clips.example.org"
PARTY = RelyingParty(id="clips.example.org", origin=ORIGIN)


def added(accounts: Accounts, account: Account, key: Authenticator, name: str) -> None:
    options = accounts.passkeys.registration_options(PARTY, account=account)
    accounts.passkeys.register(PARTY, key.create(options, ORIGIN), account=account, name=name)


def test_a_copy_of_the_database_tells_neither_who_it_is_nor_under_which_pseudonym(
    accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    child = accounts.sign_up("kid@example.org", PASSWORD, viewer_id=ViewerId(777_000_111_222), is_minor=True)
    ada = accounts.sign_up(EMAIL, PASSWORD)
    accounts.sessions.begin(ada)
    added(accounts, ada, Authenticator(), "Ada's violet phone")
    accounts.passkeys.registration_options(PARTY, account=None, email="eve@example.org")
    guardians = Guardians(database, clock, accounts.seals)
    guardians.accept(guardians.invite(child), ada)
    guardians.invite(child)
    dumped = everything(database)
    assert str(ada.id) in dumped["accounts"]
    personal = [EMAIL, "kid@example.org", "eve@example.org", "violet phone"]
    for one in (ada, child):
        personal += [str(one.viewer_id), encode_id(one.viewer_id), one.viewer_id.to_bytes(8).hex()]
    found = [(table, value) for table, rows in dumped.items() for value in personal if value in rows]
    assert found == []
    assert str(child.id) not in dumped["guardians"] + dumped["guardian_invitations"]
    assert str(ada.id) not in dumped["guardians"] + dumped["guardian_invitations"]


def test_who_is_signed_in_needs_no_keeper(accounts: Accounts, keeper: MemoryKeeper) -> None:
    ada = accounts.sign_up(EMAIL, PASSWORD)
    key = Authenticator()
    added(accounts, ada, key, "Phone")
    token = accounts.sessions.begin(ada).token
    keeper.is_away = True
    found = accounts.sessions.find(token)
    assert found is not None
    assert found.account == ada
    assert accounts.grow(ada.id, Role.CREATOR) is Role.CREATOR
    accounts.set_password(ada, "another password", current=PASSWORD)
    assert [held.name for held in accounts.passkeys.named(ada.id)] == [""]
    accounts.passkeys.remove(ada.id, key.credential_id)
    grown = accounts.sessions.find(token)
    assert grown is not None
    assert grown.account.role is Role.CREATOR, "roles do not wait for a new session"


def test_without_the_keeper_nobody_signs_in_or_up_and_nothing_is_half_done(
    accounts: Accounts, keeper: MemoryKeeper, database: Database
) -> None:
    accounts.sign_up(EMAIL, PASSWORD)
    before = everything(database)
    for left in range(3):
        keeper.left = left
        with pytest.raises(Unavailable) as refused:
            accounts.sign_up("eve@example.org", PASSWORD)
        assert "minute" in refused.value.hint
        keeper.left = min(left, 1)
        with pytest.raises(Unavailable):
            accounts.sign_in(EMAIL, PASSWORD)
    assert everything(database) == before
    keeper.left = None
    assert accounts.sign_up("eve@example.org", PASSWORD)
    assert accounts.sign_in(EMAIL, PASSWORD)


def test_who_is_refused_leaves_no_key_behind(accounts: Accounts, keeper: MemoryKeeper) -> None:
    key = Authenticator()
    options = accounts.passkeys.registration_options(PARTY, account=None, email=EMAIL)
    accounts.passkeys.register(PARTY, key.create(options, ORIGIN), account=None)
    held = set(keeper.keys)
    with pytest.raises(EmailTaken):
        accounts.sign_up(EMAIL, PASSWORD)
    again = accounts.passkeys.registration_options(PARTY, account=None, email="eve@example.org")
    with pytest.raises(Exception, match="registered already"):
        accounts.passkeys.register(PARTY, key.create(again, ORIGIN), account=None)
    assert set(keeper.keys) == held


def test_a_seal_of_somebody_else_or_none_opens_nothing(accounts: Accounts, database: Database) -> None:
    ada, eve = accounts.sign_up(EMAIL, PASSWORD), accounts.sign_up("eve@example.org", PASSWORD)
    with database.begin() as connection:
        connection.execute(
            text(
                "UPDATE sealed_fields f SET sealed = g.sealed FROM sealed_fields g "
                "WHERE f.subject_id = :ada AND g.subject_id = :eve AND f.field = g.field"
            ),
            {"ada": ada.id, "eve": eve.id},
        )
        connection.execute(
            text("DELETE FROM sealed_fields WHERE subject_id = :eve AND field = 'viewer'"), {"eve": eve.id}
        )
    for email in (EMAIL, "eve@example.org"):
        with pytest.raises(Unopened):
            accounts.sign_in(email, PASSWORD)


def test_a_session_row_that_was_written_by_hand_opens_nothing(accounts: Accounts, database: Database) -> None:
    """A superuser who moves a session to another account, or knows a token's hash, gets into nothing."""
    ada, eve = accounts.sign_up(EMAIL, PASSWORD), accounts.sign_up("eve@example.org", PASSWORD)
    hers, mine = accounts.sessions.begin(ada).token, accounts.sessions.begin(eve).token
    with database.begin() as connection:
        connection.execute(
            text("UPDATE sessions SET account_id = :ada WHERE account_id = :eve"), {"ada": ada.id, "eve": eve.id}
        )
    assert accounts.sessions.find(mine) is None
    assert accounts.sessions.find(hers) is not None
    with database.begin() as connection:
        connection.execute(text("UPDATE accounts SET edition = edition + 1"))
    assert accounts.sessions.find(hers) is None, "what it holds is older than what is sealed"


def test_names_of_passkeys_that_were_removed_go_with_the_next_one(accounts: Accounts) -> None:
    ada = accounts.sign_up(EMAIL, PASSWORD)
    first, second = Authenticator(), Authenticator()
    added(accounts, ada, first, "Phone")
    added(accounts, ada, second, "Stick")
    accounts.passkeys.remove(ada.id, first.credential_id)
    added(accounts, ada, Authenticator(), "Desk")
    assert [held.name for held in accounts.passkeys.named(ada.id)] == ["Stick", "Desk"]
