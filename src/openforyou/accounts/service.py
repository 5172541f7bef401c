"""What one can do at the door: sign up, sign in, change the password, grow into a role."""

from __future__ import annotations

from dataclasses import replace

from openforyou.accounts import store
from openforyou.accounts.enrolment import insert_new, new_account
from openforyou.accounts.errors import AccountNotFound, WrongCredentials, WrongPassword
from openforyou.accounts.passkeys import Passkeys
from openforyou.accounts.passwords import Passwords
from openforyou.accounts.rules import checked_email, checked_password, normal_password
from openforyou.accounts.sessions import Sessions
from openforyou.accounts.types import Account, Role
from openforyou.core.clock import Clock
from openforyou.core.errors import Conflict
from openforyou.core.ids import AccountId, ViewerId, new_id
from openforyou.storage.database import Database


class Accounts:
    """Accounts on one database; `sessions` and `passkeys` are its other doors."""

    def __init__(self, database: Database, clock: Clock, passwords: Passwords | None = None) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords or Passwords()
        self.sessions = Sessions(database, clock)
        self.passkeys = Passkeys(database, clock)

    def sign_up(
        self, email: str, password: str, *, viewer_id: ViewerId | None = None, is_minor: bool = False
    ) -> Account:
        """A new account that watches on as `viewer_id`. Raises `BadInput`, `EmailTaken`.

        That an e-mail is taken cannot be hidden while no mail is sent to prove it; the web limits how often one
        may ask.
        """
        plain_email = checked_email(email)
        hashed = self._passwords.hash(checked_password(password, plain_email))
        now = self._clock.now()
        account = new_account(AccountId(new_id()), plain_email, viewer_id, now, has_password=True, is_minor=is_minor)
        with self._database.begin() as connection:
            return insert_new(connection, account, hashed)

    def sign_in(self, email: str, password: str) -> Account:
        """Whose they are. Raises `WrongCredentials`: the same, after the same work, for a wrong e-mail or password."""
        with self._database.connect() as connection:
            found = store.find_account(connection, email=checked_email(email))
        plain = normal_password(password)
        stored = found[1] if found is not None else ""
        if not self._passwords.matches(stored, plain) or found is None:
            raise WrongCredentials
        account = found[0]
        if self._passwords.is_outdated(stored):
            fresh = self._passwords.hash(plain)
            with self._database.begin() as connection:
                store.set_password(connection, account.id, fresh, instead_of=stored)
        return account

    def set_password(self, account_id: AccountId, password: str, *, current: str = "") -> None:
        """Set the first or another one. `current` is asked for where there is one. Raises `WrongPassword`.

        The caller ends the account's other sessions: whoever changes a password may have cause to.
        """
        account, stored = self._found(account_id)
        if stored and not self._passwords.matches(stored, normal_password(current)):
            raise WrongPassword
        fresh = self._passwords.hash(checked_password(password, account.email))
        with self._database.begin() as connection:
            if not store.set_password(connection, account_id, fresh, instead_of=stored):
                raise Conflict("The password was changed meanwhile.", hint="Sign in with the new one.")

    def confirm(self, account_id: AccountId, password: str) -> None:
        """That whoever asks knows the account's password, where it has one. Raises `WrongPassword`."""
        _, stored = self._found(account_id)
        if stored and not self._passwords.matches(stored, normal_password(password)):
            raise WrongPassword

    def of_email(self, email: str) -> Account:
        """For operators. Raises `AccountNotFound`, `BadInput`."""
        plain = checked_email(email)
        with self._database.connect() as connection:
            found = store.find_account(connection, email=plain)
        if found is None:
            raise AccountNotFound(plain)
        return found[0]

    def grow(self, account_id: AccountId, role: Role) -> Account:
        """Give an account a role, unless it may do more already."""
        account, _ = self._found(account_id)
        if account.role.rank >= role.rank:
            return account
        with self._database.begin() as connection:
            store.set_role(connection, account_id, role)
        return replace(account, role=role)

    def by_id(self, account_id: AccountId) -> Account:
        """One that there is."""
        return self._found(account_id)[0]

    def is_claimed(self, viewer_id: ViewerId) -> bool:
        """Whether a viewer has an account: then a cookie that names the viewer alone no longer opens anything."""
        with self._database.connect() as connection:
            return store.is_claimed(connection, viewer_id)

    def _found(self, account_id: AccountId) -> tuple[Account, str]:
        with self._database.connect() as connection:
            found = store.find_account(connection, account_id=account_id)
        assert found is not None, "sessions are deleted with their account"
        return found
