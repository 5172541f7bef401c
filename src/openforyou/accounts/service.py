"""What one can do at the door: sign up, sign in, change the password, grow into a role."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from openforyou.accounts import seals, store
from openforyou.accounts.enrolment import enrolling, insert_new, new_account
from openforyou.accounts.errors import AccountNotFound, WrongCredentials, WrongPassword
from openforyou.accounts.passkeys import Passkeys
from openforyou.accounts.passwords import Passwords
from openforyou.accounts.rules import checked_email, checked_password, normal_password
from openforyou.accounts.seals import Seals
from openforyou.accounts.sessions import Sessions
from openforyou.accounts.types import Account, Entry, Role
from openforyou.core.clock import Clock
from openforyou.core.errors import Conflict
from openforyou.core.ids import AccountId, ViewerId, new_id
from openforyou.privacy.vault.types import Keeper
from openforyou.storage.database import Database


class Accounts:
    """Accounts on one database; `sessions` and `passkeys` are its other doors.

    Who somebody is, is opened by the keeper when they sign in and for them alone; whoever is signed in needs it no
    more. While the keeper is away signing up and in raise `BrokerUnavailable`, and nothing is half done.
    """

    def __init__(self, database: Database, clock: Clock, keeper: Keeper, passwords: Passwords | None = None) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords or Passwords()
        self.seals = Seals(keeper)
        self.sessions = Sessions(database, clock)
        self.passkeys = Passkeys(database, clock, self.seals)

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
        with enrolling(self._database, self.seals, account) as newcomer, self._database.begin() as connection:
            return insert_new(connection, newcomer, hashed)

    def sign_in(self, email: str, password: str) -> Account:
        """Whose they are. Raises `WrongCredentials`: the same, after the same work, for a wrong e-mail or password."""
        plain_email = checked_email(email)
        mark = self.seals.email_mark(plain_email)
        with self._database.connect() as connection:
            found = store.find_account(connection, email_mark=mark)
        plain = normal_password(password)
        stored = found.password_hash if found is not None else ""
        if not self._passwords.matches(stored, plain) or found is None:
            raise WrongCredentials
        account = self._opened(found)
        if account.email != plain_email:  # somebody wrote another's mark into the row
            raise WrongCredentials
        if self._passwords.is_outdated(stored):
            fresh = self._passwords.hash(plain)
            with self._database.begin() as connection:
                store.set_password(connection, account.id, fresh, instead_of=stored)
        return account

    def set_password(self, account: Account, password: str, *, current: str = "") -> None:
        """Set the first or another one. `current` is asked for where there is one. Raises `WrongPassword`.

        The caller ends the account's other sessions: whoever changes a password may have cause to.
        """
        stored = self._found(account.id).password_hash
        if stored and not self._passwords.matches(stored, normal_password(current)):
            raise WrongPassword
        fresh = self._passwords.hash(checked_password(password, account.email))
        with self._database.begin() as connection:
            if not store.set_password(connection, account.id, fresh, instead_of=stored):
                raise Conflict("The password was changed meanwhile.", hint="Sign in with the new one.")

    def confirm(self, account_id: AccountId, password: str) -> None:
        """That whoever asks knows the account's password, where it has one. Raises `WrongPassword`."""
        stored = self._found(account_id).password_hash
        if stored and not self._passwords.matches(stored, normal_password(password)):
            raise WrongPassword

    def opened_for_owner(self, account_id: AccountId) -> Account:
        """Whose account it is, for work that its owner asked for and that goes on without them. Nothing of it may be
        shown or kept. Raises `Destroyed` where they are forgotten already."""
        return self._opened(self._found(account_id))

    def move(self, account_id: AccountId, viewer_id: ViewerId) -> None:
        """On to another pseudonym; whoever is signed in there signs in again."""
        fresh, mark = self.seals.viewer(account_id, viewer_id)
        with self._database.begin() as connection:
            seals.put(connection, account_id, fresh)
            store.set_viewer(connection, account_id, mark)
            store.renew(connection, account_id)

    def of_email(self, email: str) -> Entry:
        """For operators, by its mark: which account it is, and nothing of whose. Raises `AccountNotFound`,
        `BadInput`."""
        mark = self.seals.email_mark(checked_email(email))
        with self._database.connect() as connection:
            found = store.find_account(connection, email_mark=mark)
        if found is None:
            raise AccountNotFound
        return found

    def grow(self, account_id: AccountId, role: Role) -> Role:
        """Give an account a role, unless it may do more already. Answers what it is then."""
        held = self._found(account_id).role
        if held.rank >= role.rank:
            return held
        with self._database.begin() as connection:
            store.set_role(connection, account_id, role)
        return role

    def is_claimed(self, viewer_id: ViewerId) -> bool:
        """Whether a viewer has an account: then a cookie that names the viewer alone no longer opens anything."""
        return bool(self.of_viewers([viewer_id]))

    def of_viewers(self, viewers: Collection[ViewerId]) -> Mapping[ViewerId, AccountId]:
        """Which accounts watch under those pseudonyms, by their marks. It opens nothing, but it joins what lies
        apart: only to hold a minor's account against the record."""
        asked = list(viewers)
        marks = dict(zip(self.seals.viewer_marks(asked), asked, strict=True))
        with self._database.connect() as connection:
            return {marks[mark]: found for mark, found in store.accounts_of(connection, marks).items()}

    def _opened(self, entry: Entry) -> Account:
        """For who has just proven to be its owner."""
        with self._database.connect() as connection:
            kept = seals.kept(connection, entry.id)
        return self.seals.account(entry, kept)

    def _found(self, account_id: AccountId) -> Entry:
        with self._database.connect() as connection:
            found = store.find_account(connection, account_id=account_id)
        assert found is not None, "sessions are deleted with their account"
        return found
