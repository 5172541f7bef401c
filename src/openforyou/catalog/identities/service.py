"""Proving accounts elsewhere: challenge, check, proof; and the looks that follow."""

from __future__ import annotations

import logging
from base64 import b32encode
from collections.abc import Collection, Mapping
from dataclasses import replace
from secrets import token_bytes

from sqlalchemy import Connection

from openforyou.catalog import store as catalog
from openforyou.catalog.errors import CreatorNotFound
from openforyou.catalog.identities import rules, store
from openforyou.catalog.identities.errors import (
    BEGIN_ANEW,
    ChallengeExpired,
    ChallengeNotFound,
    IdentityTaken,
    NotProven,
    NowAnothers,
    ProofNotFound,
)
from openforyou.catalog.identities.looking import plain
from openforyou.catalog.identities.methods import Method, methods
from openforyou.catalog.identities.methods.atproto import PLC_DIRECTORY, Atproto
from openforyou.catalog.identities.platforms import PLACES, outside
from openforyou.catalog.identities.providers import Provider
from openforyou.catalog.identities.signing_in import SignIn
from openforyou.catalog.identities.types import (
    Asked,
    Begun,
    Challenge,
    ChallengeId,
    Check,
    Outside,
    Proof,
    ProofId,
    Result,
    Returned,
    Seen,
)
from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput, OpenForYouError, TooMany
from openforyou.core.ids import CreatorId, encode_id, new_id
from openforyou.outside.errors import OutsideRefused, OutsideSilent
from openforyou.outside.fetcher import Fetcher
from openforyou.storage.database import Database

RETURN_PATH = "/identities/return"
DUE_MAX = 20
_log = logging.getLogger(__name__)


class Identities:
    """On one database. `origin` is our public address, empty where there is none; `providers` by platform."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        fetcher: Fetcher,
        *,
        origin: str = "",
        providers: Mapping[str, Provider] | None = None,
        plc: str = PLC_DIRECTORY,
    ) -> None:
        self._database = database
        self._clock = clock
        self._fetcher = fetcher
        self._origin = origin.rstrip("/")
        self._providers = dict(providers or {})
        self._methods = {**methods(), Atproto.name: Atproto(plc)}

    def offered(self, platform: str) -> list[Method]:
        """The ways to prove an account there, the best first. Raises `BadInput` for a platform that is not known."""
        provider = self._providers.get(platform)
        place = PLACES.get(platform)
        if provider is None and place is None:
            known = ", ".join([*PLACES, *(self._providers.keys() - PLACES.keys())])
            raise BadInput(f"{platform[:40]!r} is no platform that is known here.", hint=known, field="platform")
        named = [SignIn.name] if place is None else place.methods
        signing = {} if provider is None else {SignIn.name: self._signing_in(provider)}
        ways: dict[str, Method] = {**self._methods, **signing}
        return [ways[name] for name in named if name in ways]

    def platforms(self) -> dict[str, str]:
        """Title by name, of all where something can be proven."""
        known = {name: place.title for name, place in PLACES.items()}
        return known | {name: one.title or name for name, one in self._providers.items() if name not in known}

    def in_words(self, platform: str, method: str) -> str:
        """What a method is called there."""
        known = {way.name: way.title for way in self.offered(platform)} if platform in self.platforms() else {}
        return known.get(method, method)

    # Challenges

    def challenge(self, creator_id: CreatorId, platform: str, who: str, method: str = "") -> Begun:
        """Ask a creator to prove an account; the best way where none is named. Gives no right and no mark.

        Raises `BadInput`, `IdentityTaken`, `TooMany`, `OutsideRefused`, `CreatorNotFound`.
        """
        way = self._way(platform, method)
        meant = outside(platform, who)
        now = self._clock.now()
        with self._database.begin() as connection:
            page = self._page(connection, creator_id)
            store.delete_expired(connection, now)
            self._refuse_taken(connection, meant, "", creator_id)
            if store.open_challenges(connection, creator_id, now) >= rules.OPEN_MAX:
                words = f"You have {rules.OPEN_MAX} codes open."
                raise TooMany(words, retry_after_s=3_600, hint="Give some of them up first.")
        challenge = Challenge(
            id=ChallengeId(new_id()),
            creator_id=creator_id,
            outside=meant,
            method=way.name,
            code=new_code(),
            secrets=way.begin(meant, self._fetcher),
            created_at=now,
            expires_at=now + rules.CHALLENGE_LIFE,
        )
        begun = Begun(challenge, way.steps(_asked(challenge, page)))
        with self._database.begin() as connection:
            store.insert_challenge(connection, challenge)
        return begun

    def challenges(self, creator_id: CreatorId) -> list[Begun]:
        """Those that are open, newest first."""
        with self._database.connect() as connection:
            page = self._page(connection, creator_id)
            found = store.challenges_of(connection, creator_id, self._clock.now())
        return [Begun(one, self._way(one.outside.platform, one.method).steps(_asked(one, page))) for one in found]

    def give_up(self, challenge_id: ChallengeId, creator_id: CreatorId) -> None:
        """Close a challenge. Raises `ChallengeNotFound`."""
        with self._database.begin() as connection:
            if not store.delete_challenge(connection, challenge_id, creator_id):
                raise ChallengeNotFound

    def check(self, challenge_id: ChallengeId, creator_id: CreatorId, returned: Returned | None = None) -> Proof:
        """Look now. Only whoever was asked can have it checked; a challenge is good for one proof.

        Raises `NotProven`, `IdentityTaken`, `OutsideRefused`, `ChallengeExpired`, `ChallengeNotFound`.
        """
        with self._database.begin() as connection:
            challenge = store.try_challenge(connection, challenge_id, creator_id)
            page = self._page(connection, creator_id)
        if challenge is None:
            raise ChallengeNotFound
        if challenge.expires_at <= self._clock.now() or challenge.tries > rules.TRIES_MAX:
            over = "is over" if challenge.tries <= rules.TRIES_MAX else f"was tried {rules.TRIES_MAX} times"
            raise ChallengeExpired(f"The time of this code {over}.", hint=BEGIN_ANEW)
        way = self._way(challenge.outside.platform, challenge.method)
        asked = replace(_asked(challenge, page), returned=returned)
        try:
            seen = way.look(asked, self._fetcher)
        except OutsideRefused as error:
            self._keep(challenge, _result(error), error.message)
            raise
        except NotProven as error:
            self._keep(challenge, Result.MISSING, error.message, error.url, error.sha256)
            raise
        return self._prove(challenge, seen, rechecks=way.rechecks)

    def finish(self, creator_id: CreatorId, returned: Returned) -> Proof:
        """What a provider sent a creator back with. Raises as `check` does."""
        with self._database.connect() as connection:
            found = store.challenge_of_state(connection, creator_id, returned.state)
        if found is None:
            raise ChallengeNotFound
        return self.check(found, creator_id, returned)

    # Proofs

    def proven(self, creator_id: CreatorId) -> list[Proof]:
        """What counts now."""
        with self._database.connect() as connection:
            return store.proofs_of(connection, [creator_id], self._clock.now())

    def proven_by(self, creator_ids: Collection[CreatorId]) -> list[Proof]:
        """What counts now, of several creators."""
        with self._database.connect() as connection:
            return store.proofs_of(connection, creator_ids, self._clock.now())

    def proves(self, creator_id: CreatorId, platform: str, handle_or_id: str) -> bool:
        """Whether a creator has proven to hold that account, named by handle, profile address or lasting id."""
        try:
            who = outside(platform, handle_or_id).who
        except BadInput:
            who = ""
        mine = [one for one in self.proven(creator_id) if one.outside.platform == platform]
        return any((who and one.outside.who == who) or (one.subject and one.subject == handle_or_id) for one in mine)

    def withdraw(self, proof_id: ProofId, creator_id: CreatorId) -> None:
        """End one of one's own. Raises `ProofNotFound`."""
        with self._database.begin() as connection:
            if not store.end_proof(connection, proof_id, "withdrawn", self._clock.now(), creator_id):
                raise ProofNotFound

    def evidence(self, creator_id: CreatorId) -> list[Check]:
        """The looks for a creator, newest first."""
        with self._database.connect() as connection:
            return store.checks_of(connection, creator_id)

    def recheck_due(self, most: int = DUE_MAX) -> int:
        """Look again at what is due, and end what expired; how many were looked at."""
        now = self._clock.now()
        with self._database.begin() as connection:
            store.end_expired(connection, now)
            due = store.take_due(connection, now, rules.RETRY_EVERY, most)
        for proof in due:
            self._look_again(proof)
        return len(due)

    # Within

    def _look_again(self, proof: Proof) -> None:
        way = self._way(proof.outside.platform, proof.method)
        with self._database.connect() as connection:
            page = self._page(connection, proof.creator_id)
        agreed = {"did": proof.subject} if proof.subject else {}
        now = self._clock.now()
        evidence, url, sha256 = proof.evidence, "", ""
        try:
            seen = way.look(Asked(proof.outside, proof.code, page, agreed), self._fetcher)
            result, saw, url, sha256, evidence = Result.HELD, seen.what, seen.url, seen.sha256, _evidence(seen)
        except NowAnothers as error:
            result, saw, url, sha256 = Result.CHANGED, error.message, error.url, error.sha256
        except NotProven as error:
            result, saw, url, sha256 = Result.MISSING, error.message, error.url, error.sha256
        except OutsideRefused as error:
            result, saw = _result(error), error.message
        self._become(proof, rules.after(proof, result, now), saw, evidence)
        with self._database.begin() as connection:
            check = Check(proof.creator_id, proof.outside, proof.method, result, plain(saw), url, sha256, now)
            store.insert_check(connection, check)

    def _become(self, proof: Proof, then: rules.Next, saw: str, evidence: dict[str, str]) -> None:
        now = self._clock.now()
        with self._database.begin() as connection:
            if then is rules.Next.LAPSES:
                store.end_proof(connection, proof.id, plain(saw), now)
                _log.info("the proof %s lapsed", encode_id(proof.id))
            elif then is rules.Next.FAILS:
                failing = replace(proof, failing_since=proof.failing_since or now, failure=plain(saw))
                store.put_looked(connection, failing, now + rules.RETRY_EVERY)
            else:
                until = rules.expires_at(now, rechecks=True)
                held = replace(
                    proof, checked_at=now, expires_at=until, evidence=evidence, failing_since=None, failure=""
                )
                store.put_looked(connection, held, now + rules.RECHECK_EVERY)

    def _prove(self, challenge: Challenge, seen: Seen, *, rechecks: bool) -> Proof:
        now = self._clock.now()
        meant = challenge.outside
        known = Outside(meant.platform, meant.who or seen.who, seen.profile or meant.url)
        proof = Proof(
            id=ProofId(new_id()),
            creator_id=challenge.creator_id,
            outside=known,
            subject=seen.subject,
            method=challenge.method,
            code=challenge.code,
            evidence=_evidence(seen),
            proven_at=now,
            checked_at=now,
            expires_at=rules.expires_at(now, rechecks=rechecks),
        )
        try:
            with self._database.begin() as connection:
                if not store.delete_challenge(connection, challenge.id, challenge.creator_id):
                    raise ChallengeNotFound  # another check of it was quicker
                store.end_superseded(connection, proof, now)
                if not store.insert_proof(connection, proof, now + rules.RECHECK_EVERY if rechecks else None):
                    self._refuse_taken(connection, known, seen.subject, challenge.creator_id)
                    raise ChallengeNotFound
        except IdentityTaken as error:
            self._keep(challenge, Result.TAKEN, error.message, seen.url, seen.sha256)
            raise
        self._keep(replace(challenge, outside=known), Result.PROVEN, seen.what, seen.url, seen.sha256)
        return proof

    def _refuse_taken(self, connection: Connection, meant: Outside, subject: str, creator_id: CreatorId) -> None:
        """Raises `IdentityTaken` where another creator has proven it."""
        if not (meant.who or subject):
            return
        standing = store.proof_of(connection, meant, subject, self._clock.now())
        if standing is not None and standing.creator_id != creator_id:
            holder = catalog.find_creator(connection, creator_id=standing.creator_id)
            raise IdentityTaken(f"{meant.who} at {meant.platform}", holder.handle if holder else "")

    def _keep(self, challenge: Challenge, result: Result, saw: str, url: str = "", sha256: str = "") -> None:
        now = self._clock.now()
        check = Check(challenge.creator_id, challenge.outside, challenge.method, result, plain(saw), url, sha256, now)
        with self._database.begin() as connection:
            store.insert_check(connection, check)

    def _way(self, platform: str, method: str) -> Method:
        ways = self.offered(platform)
        for way in ways:
            if method in ("", way.name):
                return way
        known = ", ".join(way.name for way in ways) or "none here yet"
        raise BadInput(f"{platform} is not proven by {method[:40]!r}.", hint=f"Ways: {known}.", field="method")

    def _signing_in(self, provider: Provider) -> SignIn:
        return SignIn(provider, self._origin + RETURN_PATH if self._origin else "")

    def _page(self, connection: Connection, creator_id: CreatorId) -> str:
        creator = catalog.find_creator(connection, creator_id=creator_id)
        if creator is None:
            raise CreatorNotFound(encode_id(creator_id))
        return f"{self._origin}/@{creator.handle}" if self._origin else ""


def new_code() -> str:
    """120 random bits, in letters and digits that survive any bio."""
    return rules.CODE_PREFIX + b32encode(token_bytes(rules.CODE_BYTES)).decode().lower()


def _asked(challenge: Challenge, page: str) -> Asked:
    return Asked(challenge.outside, challenge.code, page, challenge.secrets)


def _result(error: OpenForYouError) -> Result:
    return Result.SILENT if isinstance(error, OutsideSilent) else Result.MISSING


def _evidence(seen: Seen) -> dict[str, str]:
    return {"saw": seen.what, "url": seen.url, "sha256": seen.sha256}
