"""Challenges end, proofs end, and nobody takes what another has proven."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from openforyou.catalog.identities import rules
from openforyou.catalog.identities.errors import (
    ChallengeExpired,
    ChallengeNotFound,
    IdentityTaken,
    NotProven,
    ProofNotFound,
)
from openforyou.catalog.identities.service import Identities
from openforyou.catalog.identities.types import ChallengeId, Result
from openforyou.catalog.types import Creator
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput, OpenForYouError, TooMany
from openforyou.drills.elsewhere import Elsewhere, html
from openforyou.outside.fetcher import Fetcher
from openforyou.storage.database import Database
from tests.catalog.identities.scenes import DID, OTHER_DID, AtprotoScene, CodeScene, RelMeScene, WellKnownScene


@pytest.fixture
def scene(there: Elsewhere) -> CodeScene:
    return CodeScene(there)


def prove(identities: Identities, scene: CodeScene, who: Creator) -> None:
    begun = identities.challenge(who.id, scene.platform, scene.who, "code")
    scene.put(begun.challenge.code)
    identities.check(begun.challenge.id, who.id)


def test_codes_are_random_and_end(identities: Identities, scene: CodeScene, ada: Creator, clock: ManualClock) -> None:
    codes = {identities.challenge(ada.id, scene.platform, scene.who, "code").challenge.code for _ in range(5)}
    assert len(codes) == 5
    newest = identities.challenges(ada.id)[0].challenge
    assert newest.code in codes
    scene.put(newest.code)
    clock.advance(rules.CHALLENGE_LIFE)
    with pytest.raises(ChallengeExpired, match="over") as caught:
        identities.check(newest.id, ada.id)
    assert "Begin anew" in caught.value.hint
    assert identities.challenges(ada.id) == []


def test_a_challenge_is_tried_so_often_and_no_more(identities: Identities, scene: CodeScene, ada: Creator) -> None:
    begun = identities.challenge(ada.id, scene.platform, scene.who, "code")
    for _ in range(rules.TRIES_MAX):
        with pytest.raises(NotProven):
            identities.check(begun.challenge.id, ada.id)
    scene.put(begun.challenge.code)
    with pytest.raises(ChallengeExpired, match="tried"):
        identities.check(begun.challenge.id, ada.id)


def test_so_many_codes_may_be_open_and_no_more(identities: Identities, scene: CodeScene, ada: Creator) -> None:
    for _ in range(rules.OPEN_MAX):
        begun = identities.challenge(ada.id, scene.platform, scene.who, "code")
    with pytest.raises(TooMany):
        identities.challenge(ada.id, scene.platform, scene.who, "code")
    identities.give_up(begun.challenge.id, ada.id)
    identities.challenge(ada.id, scene.platform, scene.who, "code")


def test_nobody_else_has_a_hand_in_a_challenge(
    identities: Identities, scene: CodeScene, ada: Creator, eve: Creator
) -> None:
    begun = identities.challenge(ada.id, scene.platform, scene.who, "code")
    scene.put(begun.challenge.code)
    with pytest.raises(ChallengeNotFound):
        identities.check(begun.challenge.id, eve.id)
    with pytest.raises(ChallengeNotFound):
        identities.give_up(begun.challenge.id, eve.id)
    with pytest.raises(ChallengeNotFound):
        identities.check(ChallengeId(1), ada.id)
    assert identities.challenges(eve.id) == []
    identities.check(begun.challenge.id, ada.id)


def test_withdrawn_is_over_at_once_and_only_by_its_owner(
    identities: Identities, scene: CodeScene, ada: Creator, eve: Creator
) -> None:
    prove(identities, scene, ada)
    (proof,) = identities.proven(ada.id)
    with pytest.raises(ProofNotFound):
        identities.withdraw(proof.id, eve.id)
    identities.withdraw(proof.id, ada.id)
    assert identities.proven(ada.id) == []
    with pytest.raises(ProofNotFound):
        identities.withdraw(proof.id, ada.id)
    prove(identities, scene, eve)
    assert identities.proves(eve.id, scene.platform, scene.who)


def test_proving_anew_keeps_one_proof(
    identities: Identities, scene: CodeScene, ada: Creator, clock: ManualClock
) -> None:
    prove(identities, scene, ada)
    clock.advance(rules.RETRY_EVERY)
    prove(identities, scene, ada)
    (proof,) = identities.proven(ada.id)
    assert proof.proven_at == clock.now()


def test_of_two_at_once_one_proves_it(
    database: Database, clock: ManualClock, fetcher: Fetcher, there: Elsewhere, ada: Creator, eve: Creator
) -> None:
    """Both codes stand in the bio; the database decides, and never for both."""
    scene = CodeScene(there)
    identities = Identities(database, clock, fetcher, origin="https://here.example")
    begun = {who.id: identities.challenge(who.id, scene.platform, scene.who, "code") for who in (ada, eve)}
    scene.put(" and ".join(one.challenge.code for one in begun.values()))

    def check(creator_id: int) -> None:
        with suppress(IdentityTaken, ChallengeNotFound):
            identities.check(begun[creator_id].challenge.id, creator_id)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(check, [ada.id, eve.id, ada.id, eve.id]))
    assert sorted(identities.proves(one.id, scene.platform, scene.who) for one in (ada, eve)) == [False, True]


def test_a_worker_that_never_runs_lets_nothing_stand_for_ever(
    identities: Identities, scene: CodeScene, ada: Creator, eve: Creator, clock: ManualClock
) -> None:
    prove(identities, scene, ada)
    clock.advance(rules.PROOF_LIFE)
    assert identities.proven(ada.id) == []
    prove(identities, scene, eve)
    assert identities.proves(eve.id, scene.platform, scene.who)
    assert identities.recheck_due() == 0


def test_a_server_that_is_down_is_given_its_grace(
    identities: Identities, there: Elsewhere, ada: Creator, clock: ManualClock
) -> None:
    scene = CodeScene(there)
    prove(identities, scene, ada)
    del there.addresses["social.example"]
    clock.advance(rules.RECHECK_EVERY)
    identities.recheck_due()
    (proof,) = identities.proven(ada.id)
    assert "social.example" in proof.failure
    there.addresses["social.example"] = "127.0.0.1"
    clock.advance(rules.RETRY_EVERY)
    identities.recheck_due()
    assert identities.proven(ada.id)[0].failing_since is None


def test_a_handle_that_moves_to_another_account_lapses_at_once(
    identities: Identities, there: Elsewhere, ada: Creator, clock: ManualClock
) -> None:
    scene = AtprotoScene(there)
    begun = identities.challenge(ada.id, scene.platform, scene.who)
    scene.put(begun.challenge.code)
    identities.check(begun.challenge.id, ada.id)
    assert identities.proves(ada.id, "bluesky", DID)
    there.texts["_atproto.ada.example"] = [f"did={OTHER_DID}"]
    scene.names(OTHER_DID, f"at://{there.at('ada.example')}")
    clock.advance(rules.RECHECK_EVERY)
    identities.recheck_due()
    assert identities.proven(ada.id) == []
    assert identities.evidence(ada.id)[0].result is Result.CHANGED


@pytest.mark.parametrize(
    ("texts", "handles", "words"),
    [
        ([f"did={DID}"], ["at://someone.example"], "names “at://someone.example”"),
        ([f"did={DID}"], [], "names no handle"),
        ([f"did={DID}", f"did={OTHER_DID}"], None, "names 2 DIDs"),
        (["did=did:key:zabc"], None, "no DID that is read here"),
        ([], None, "names no account"),
    ],
)
def test_a_handle_and_its_account_must_name_each_other(
    identities: Identities, there: Elsewhere, ada: Creator, texts: list[str], handles: list[str] | None, words: str
) -> None:
    scene = AtprotoScene(there)
    begun = identities.challenge(ada.id, scene.platform, scene.who)
    scene.put(begun.challenge.code)
    there.texts["_atproto.ada.example"] = texts
    if handles is not None:
        scene.names(DID, *handles)
    with pytest.raises(NotProven, match=words):
        identities.check(begun.challenge.id, ada.id)


def test_a_did_of_a_web_host_is_read_there(identities: Identities, there: Elsewhere, ada: Creator) -> None:
    scene = AtprotoScene(there)
    did = f"did:web:pds.example%3A{there.port}"
    there.texts["_atproto.ada.example"] = [f"did={did}"]
    scene.names(did, f"at://{there.at('ada.example')}")
    there.pages["pds.example", "/.well-known/did.json"] = there.pages.pop(("plc.example", f"/{did}"))
    begun = identities.challenge(ada.id, scene.platform, scene.who)
    there.pages[scene.page] = html("")
    with pytest.raises(NotProven, match="no JSON"):
        identities.check(begun.challenge.id, ada.id)
    AtprotoScene.put(scene, begun.challenge.code)
    there.texts["_atproto.ada.example"] = [f"did={did}"]
    assert identities.check(begun.challenge.id, ada.id).subject == did


def test_a_link_to_the_page_may_take_the_place_of_the_code(
    identities: Identities, scene: CodeScene, ada: Creator, clock: ManualClock
) -> None:
    prove(identities, scene, ada)
    scene.put("https://here.example/@ada.")
    clock.advance(rules.RECHECK_EVERY)
    identities.recheck_due()
    assert identities.proven(ada.id)[0].failing_since is None


def test_without_a_public_address_nothing_can_link_here(
    database: Database, clock: ManualClock, fetcher: Fetcher, there: Elsewhere, ada: Creator
) -> None:
    nowhere = Identities(database, clock, fetcher)
    scene = RelMeScene(there)
    with pytest.raises(BadInput, match="no public address") as caught:
        nowhere.challenge(ada.id, scene.platform, scene.who, "rel-me")
    assert "OPENFORYOU_ORIGIN" in caught.value.hint
    begun = nowhere.challenge(ada.id, "web", WellKnownScene(there).who, "well-known")
    assert begun.steps[1].copy == begun.challenge.code


def test_what_is_not_known_is_said_with_what_is(identities: Identities, ada: Creator) -> None:
    with pytest.raises(BadInput, match="no platform") as caught:
        identities.challenge(ada.id, "myspace", "ada")
    assert "mastodon" in caught.value.hint
    with pytest.raises(BadInput, match="not proven by 'oracle'") as caught:
        identities.challenge(ada.id, "mastodon", "ada@social.example", "oracle")
    assert "rel-me" in caught.value.hint
    assert [way.name for way in identities.offered("tiktok")] == ["code"], "no provider is set"
    with pytest.raises(OpenForYouError):
        identities.challenge(ada.id, "bluesky", "nobody.example")
    assert identities.challenges(ada.id) == []
