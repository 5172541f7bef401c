"""Signing in with a provider elsewhere: real requests on loopback, signed ID tokens, and tokens that do not hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey

from openforyou.catalog.identities import rules
from openforyou.catalog.identities.errors import ChallengeNotFound, IdentityTaken, NotProven
from openforyou.catalog.identities.providers import Provider, read_providers
from openforyou.catalog.identities.service import Identities
from openforyou.catalog.identities.types import Begun, Returned
from openforyou.catalog.types import Creator
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput
from openforyou.drills.elsewhere import Elsewhere, as_json
from openforyou.drills.id_provider import CLIENT_ID, CLIENT_SECRET, HOST, IdProvider
from openforyou.outside.fetcher import Fetcher
from openforyou.storage.database import Database
from tests.catalog.identities.conftest import ORIGIN


@pytest.fixture
def provider(there: Elsewhere) -> IdProvider:
    return IdProvider(there)


def with_providers(database: Database, clock: ManualClock, fetcher: Fetcher, *providers: Provider) -> Identities:
    by_platform = {one.platform: one for one in providers}
    return Identities(database, clock, fetcher, origin=ORIGIN, providers=by_platform)


@pytest.fixture
def club(database: Database, clock: ManualClock, fetcher: Fetcher, provider: IdProvider) -> Identities:
    named = Provider("club", CLIENT_ID, CLIENT_SECRET, title="Our club", issuer=provider.issuer)
    return with_providers(database, clock, fetcher, named)


def sign_in(begun: Begun, fetcher: Fetcher) -> Returned:
    """What a browser does: follow the link, be sent back."""
    sent = fetcher.get_alone(begun.steps[0].link)
    back = urlsplit(sent.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == f"{ORIGIN}/identities/return"
    told = {name: values[0] for name, values in parse_qs(back.query).items()}
    return Returned(told["code"], told["state"], told.get("iss", ""))


def test_signing_in_proves_it(club: Identities, fetcher: Fetcher, ada: Creator, clock: ManualClock) -> None:
    begun = club.challenge(ada.id, "club", "")
    asked = parse_qs(urlsplit(begun.steps[0].link).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    with pytest.raises(NotProven, match="not signed in there yet"):
        club.check(begun.challenge.id, ada.id)
    proof = club.finish(ada.id, sign_in(begun, fetcher))
    assert (proof.outside.who, proof.subject, proof.method) == ("ada", "4711", "sign-in")
    assert proof.expires_at == clock.now() + rules.SIGN_IN_LIFE
    assert club.proves(ada.id, "club", "ada")
    assert club.proves(ada.id, "club", "4711")
    assert not club.proves(ada.id, "club", "")
    clock.advance(rules.SIGN_IN_LIFE)
    assert club.proven(ada.id) == []


def test_an_answer_is_good_once_and_for_whom_it_was_asked(
    club: Identities, fetcher: Fetcher, ada: Creator, eve: Creator
) -> None:
    begun = club.challenge(ada.id, "club", "")
    returned = sign_in(begun, fetcher)
    with pytest.raises(ChallengeNotFound):
        club.finish(eve.id, returned)
    hers = club.challenge(eve.id, "club", "")
    with pytest.raises(NotProven, match="another sign-in"):
        club.check(hers.challenge.id, eve.id, returned)
    crossed = Returned(returned.code, hers.challenge.secrets["state"], returned.issuer)
    with pytest.raises(NotProven, match="invalid_grant"):  # by PKCE: the code was asked with another verifier
        club.finish(eve.id, crossed)
    begun = club.challenge(ada.id, "club", "")
    returned = sign_in(begun, fetcher)
    club.finish(ada.id, returned)
    with pytest.raises(ChallengeNotFound):
        club.finish(ada.id, returned)
    again = club.challenge(eve.id, "club", "")
    with pytest.raises(IdentityTaken, match="@ada"):
        club.finish(eve.id, sign_in(again, fetcher))


@pytest.mark.parametrize(
    "lies",
    [
        {"aud": "somebody-else"},
        {"aud": None},
        {"aud": [CLIENT_ID, "somebody-else"]},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sub": ""},
        {"sub": {"a": 1}},
        {"nbf": 99_999_999_999},
        {"azp": "somebody-else"},
        {"at_hash": "bm90IGl0"},
    ],
    ids=str,
)
def test_a_token_that_does_not_hold_proves_nothing(
    club: Identities, fetcher: Fetcher, provider: IdProvider, ada: Creator, lies: dict[str, Any]
) -> None:
    provider.lies = lies
    begun = club.challenge(ada.id, "club", "")
    with pytest.raises(NotProven) as caught:
        club.finish(ada.id, sign_in(begun, fetcher))
    assert caught.value.hint == "Sign in again."
    assert club.proven(ada.id) == []


def test_a_token_signed_by_another_key_proves_nothing(
    club: Identities, fetcher: Fetcher, provider: IdProvider, ada: Creator
) -> None:
    secret = OctKey.import_key(CLIENT_SECRET.encode().ljust(32, b"."))
    for key, algorithm in ((ECKey.generate_key("P-256", {"kid": "one"}), "ES256"), (secret, "HS256")):
        provider.signing, provider.algorithm = key, algorithm
        begun = club.challenge(ada.id, "club", "")
        with pytest.raises(NotProven, match="does not hold"):
            club.finish(ada.id, sign_in(begun, fetcher))


def test_a_provider_that_is_another_is_not_followed(
    club: Identities, fetcher: Fetcher, provider: IdProvider, ada: Creator
) -> None:
    begun = club.challenge(ada.id, "club", "")
    returned = sign_in(begun, fetcher)
    with pytest.raises(NotProven, match=r"evil\.example"):
        club.finish(ada.id, Returned(returned.code, returned.state, "https://evil.example"))
    provider.document["issuer"] = "https://evil.example"
    with pytest.raises(NotProven, match="another issuer"):
        club.challenge(ada.id, "club", "")
    provider.document |= {"issuer": provider.issuer, "token_endpoint": "http://169.254.169.254/token"}
    with pytest.raises(NotProven, match="under https"):
        club.challenge(ada.id, "club", "")


def test_whoever_claims_a_name_must_sign_in_as_it(club: Identities, fetcher: Fetcher, ada: Creator) -> None:
    begun = club.challenge(ada.id, "club", "Grace")
    with pytest.raises(NotProven, match="signed in as ada"):
        club.finish(ada.id, sign_in(begun, fetcher))
    begun = club.challenge(ada.id, "club", "ada")
    assert club.finish(ada.id, sign_in(begun, fetcher)).outside.who == "ada"


def test_an_address_that_nobody_checked_is_nobodys(
    database: Database, clock: ManualClock, fetcher: Fetcher, provider: IdProvider, ada: Creator
) -> None:
    named = Provider("google", CLIENT_ID, CLIENT_SECRET, issuer=provider.issuer, handle_at="email")
    google = with_providers(database, clock, fetcher, named)
    provider.person |= {"email": "grace@example.org", "email_verified": False}
    begun = google.challenge(ada.id, "google", "grace@example.org")
    with pytest.raises(NotProven, match="signed in as 4711"):
        google.finish(ada.id, sign_in(begun, fetcher))
    provider.person["email_verified"] = True
    begun = google.challenge(ada.id, "google", "grace@example.org")
    assert google.finish(ada.id, sign_in(begun, fetcher)).outside.who == "grace@example.org"


def test_plain_oauth_asks_who_it_is(
    database: Database, clock: ManualClock, fetcher: Fetcher, provider: IdProvider, there: Elsewhere, ada: Creator
) -> None:
    """As TikTok does it, with its own names."""
    named = Provider(
        "tiktok",
        CLIENT_ID,
        CLIENT_SECRET,
        scope="user.info.basic,user.info.profile",
        authorize_url=f"{provider.issuer}/authorize",
        token_url=f"{provider.issuer}/token",
        userinfo_url=f"{provider.issuer}/me",
        id_at="data.user.open_id",
        handle_at="data.user.username",
        profile="https://www.tiktok.com/@{handle}",
        client_id_name="client_key",
    )
    tiktok = with_providers(database, clock, fetcher, named)
    begun = tiktok.challenge(ada.id, "tiktok", "@Ada")
    assert parse_qs(urlsplit(begun.steps[0].link).query)["client_key"] == [CLIENT_ID]
    proof = tiktok.finish(ada.id, sign_in(begun, fetcher))
    assert (proof.outside.who, proof.subject, proof.outside.url) == ("ada", "4711", "https://www.tiktok.com/@ada")
    for reply in (as_json([]), as_json({"data": {"user": {}}}), as_json({}, 500)):
        there.pages[HOST, "/me"] = reply
        begun = tiktok.challenge(ada.id, "tiktok", "ada")
        with pytest.raises(NotProven):
            tiktok.finish(ada.id, sign_in(begun, fetcher))


def test_the_operators_file(tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    assert read_providers("") == {}
    file.write_text(json.dumps([{"preset": "google", "client_id": "x"}, {"preset": "tiktok", "client_id": "y"}]))
    found = read_providers(str(file))
    assert found["google"].issuer == "https://accounts.google.com"
    assert found["tiktok"].client_id_name == "client_key"
    for wrong in (
        {},
        [1],
        [{"preset": "nobody", "client_id": "x"}],
        [{"preset": "google"}],
        [{"platform": "club", "client_id": "x"}],
        [{"platform": "club", "client_id": "x", "issuer": "https://a.example", "more": "?"}],
        [{"preset": "google", "client_id": "x"}, {"preset": "google", "client_id": "y"}],
        [{"preset": "google", "client_id": 1}],
    ):
        file.write_text(json.dumps(wrong))
        with pytest.raises(BadInput) as caught:
            read_providers(str(file))
        assert caught.value.field == "OPENFORYOU_IDENTITY_PROVIDERS"
    for text in ("{", "[" * 200_000):
        file.write_text(text)
        with pytest.raises(BadInput, match="cannot be read"):
            read_providers(str(file))
