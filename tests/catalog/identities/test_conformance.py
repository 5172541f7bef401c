"""Every method holds what a proof must: found by themselves, each put through the same."""

from __future__ import annotations

import pytest

from openforyou.catalog.identities import rules
from openforyou.catalog.identities.errors import ChallengeNotFound, IdentityTaken, NotProven
from openforyou.catalog.identities.methods import methods
from openforyou.catalog.identities.service import Identities
from openforyou.catalog.identities.types import Result
from openforyou.catalog.types import Creator
from openforyou.core.clock import ManualClock
from openforyou.core.errors import OpenForYouError
from openforyou.drills.elsewhere import Elsewhere, Reply, moved
from tests.catalog.identities.scenes import SCENES, Scene


@pytest.fixture(params=sorted(methods()))
def scene(request: pytest.FixtureRequest, there: Elsewhere) -> Scene:
    assert request.param in SCENES, "a new method brings a scene"
    made = SCENES[request.param](there)
    made.method = request.param
    return made


def test_what_is_put_there_proves_it(scene: Scene, identities: Identities, ada: Creator, clock: ManualClock) -> None:
    begun = identities.challenge(ada.id, scene.platform, scene.who, scene.method)
    assert identities.proven(ada.id) == []
    assert not identities.proves(ada.id, scene.platform, scene.who), "a claim gives nothing"
    scene.put(scene.word(begun))
    proof = identities.check(begun.challenge.id, ada.id)
    assert (proof.method, proof.proven_at, proof.expires_at) == (
        scene.method,
        clock.now(),
        clock.now() + rules.PROOF_LIFE,
    )
    assert len(proof.evidence["sha256"]) == 64
    assert scene.word(begun) in proof.evidence["saw"]
    assert identities.proven(ada.id) == [proof]
    assert identities.proves(ada.id, scene.platform, scene.who)
    assert [one.result for one in identities.evidence(ada.id)] == [Result.PROVEN]
    with pytest.raises(ChallengeNotFound):
        identities.check(begun.challenge.id, ada.id)


def test_nothing_there_is_told_with_what_is(scene: Scene, identities: Identities, ada: Creator) -> None:
    begun = identities.challenge(ada.id, scene.platform, scene.who, scene.method)
    with pytest.raises(NotProven) as caught:
        identities.check(begun.challenge.id, ada.id)
    assert caught.value.message
    assert caught.value.hint
    assert [one.result for one in identities.evidence(ada.id)] == [Result.MISSING]
    assert identities.proven(ada.id) == []


def test_words_meant_for_another_prove_nothing(
    scene: Scene, identities: Identities, ada: Creator, eve: Creator
) -> None:
    """The code or link of Ada, seen by everybody, is worth nothing to Eve."""
    hers = identities.challenge(ada.id, scene.platform, scene.who, scene.method)
    scene.put(scene.word(hers))
    others = identities.challenge(eve.id, scene.platform, scene.who, scene.method)
    with pytest.raises(NotProven):
        identities.check(others.challenge.id, eve.id)
    with pytest.raises(ChallengeNotFound):
        identities.check(hers.challenge.id, eve.id)
    identities.check(hers.challenge.id, ada.id)
    scene.put(scene.word(others))
    with pytest.raises(IdentityTaken, match="@ada"):
        identities.check(others.challenge.id, eve.id)
    with pytest.raises(IdentityTaken):
        identities.challenge(eve.id, scene.platform, scene.who, scene.method)
    assert identities.proven(eve.id) == []


@pytest.mark.parametrize("suffix", ["x", "-1", "1", "/x", ".x"])
def test_a_longer_word_is_another(scene: Scene, identities: Identities, ada: Creator, suffix: str) -> None:
    begun = identities.challenge(ada.id, scene.platform, scene.who, scene.method)
    scene.put(scene.word(begun) + suffix)
    with pytest.raises(NotProven):
        identities.check(begun.challenge.id, ada.id)


def test_a_server_that_fails_or_leads_elsewhere_proves_nothing(
    scene: Scene, identities: Identities, ada: Creator, there: Elsewhere
) -> None:
    if scene.page not in there.pages:
        pytest.skip("no page is asked")
    begun = identities.challenge(ada.id, scene.platform, scene.who, scene.method)
    scene.put(scene.word(begun))
    good = there.pages[scene.page]
    there.pages["eve.example", scene.page[1]] = good
    there.pages[scene.page[0], "/other"] = good
    assert isinstance(good, Reply)
    for page in (
        moved(f"https://{there.at('eve.example')}{scene.page[1]}"),
        moved("/other"),
        Reply(good.body, 404, good.headers),
        Reply(good.body, 500, good.headers),
        moved("http://127.0.0.1:1/"),
        Reply(b"\xff\xfe\x00" * 100, 200, good.headers),
        Reply(b"[" * 100_000, 200, {"Content-Type": "application/json"}),
    ):
        there.pages[scene.page] = page
        with pytest.raises(OpenForYouError):
            identities.check(begun.challenge.id, ada.id)
    assert identities.proven(ada.id) == []


def test_it_is_looked_at_again_and_lapses_after_its_grace(
    scene: Scene, identities: Identities, ada: Creator, clock: ManualClock
) -> None:
    begun = identities.challenge(ada.id, scene.platform, scene.who, scene.method)
    scene.put(scene.word(begun))
    identities.check(begun.challenge.id, ada.id)
    assert identities.recheck_due() == 0
    clock.advance(rules.RECHECK_EVERY)
    assert identities.recheck_due() == 1
    assert identities.recheck_due() == 0
    (proof,) = identities.proven(ada.id)
    assert proof.expires_at == clock.now() + rules.PROOF_LIFE
    scene.put("")
    clock.advance(rules.RECHECK_EVERY)
    assert identities.recheck_due() == 1
    (proof,) = identities.proven(ada.id)
    assert proof.failing_since == clock.now()
    assert proof.failure
    assert identities.proves(ada.id, scene.platform, scene.who), "days of grace"
    days = 0
    while identities.proven(ada.id):
        clock.advance(rules.RETRY_EVERY)
        assert identities.recheck_due() == 1
        days += 1
    assert days == rules.GRACE / rules.RETRY_EVERY
    assert not identities.proves(ada.id, scene.platform, scene.who)
    assert identities.recheck_due() == 0


def test_what_comes_back_within_the_grace_stands(
    scene: Scene, identities: Identities, ada: Creator, clock: ManualClock
) -> None:
    begun = identities.challenge(ada.id, scene.platform, scene.who, scene.method)
    scene.put(scene.word(begun))
    identities.check(begun.challenge.id, ada.id)
    scene.put("")
    clock.advance(rules.RECHECK_EVERY)
    identities.recheck_due()
    scene.put(scene.word(begun))
    clock.advance(rules.RETRY_EVERY)
    identities.recheck_due()
    (proof,) = identities.proven(ada.id)
    assert (proof.failing_since, proof.failure, proof.checked_at) == (None, "", clock.now())
