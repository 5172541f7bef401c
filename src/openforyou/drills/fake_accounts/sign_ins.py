"""Sign-ins with a provider that are somebody else's, or whose tokens were made for another purpose."""

from __future__ import annotations

from typing import Any

from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.fake_accounts.people import signed_in_elsewhere, two
from openforyou.drills.id_provider import IdProvider
from openforyou.drills.world import World

PLATFORM = "club"


@attack(Seat.IMPOSTOR)
def answer_of_another(world: World, case: Case) -> Outcome:
    """Makes the owner's browser open the impostor's answer from the provider, and the other way round."""
    with two(world) as (owner, impostor):
        provider = IdProvider(world.elsewhere)
        his = signed_in_elsewhere(world, impostor.must_begin(PLATFORM))
        page = owner.page(his)
        case.did("code=" in his, "the owner's browser opened the impostor's answer")
        case.stood("There is no such challenge of yours" in page and owner.shown() == [], "it gives the owner nothing")
        provider.person |= {"preferred_username": "ada", "sub": "1"}
        hers = signed_in_elsewhere(world, owner.must_begin(PLATFORM))
        page = impostor.page(hers)
        words = "nor does the owner's answer give the impostor anything"
        case.stood("There is no such challenge of yours" in page and impostor.shown() == [], words)
        owner.page(hers)
        case.stood(owner.shown() == ["ada"], "the owner proves it with it")
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def token_for_another(world: World, case: Case) -> Outcome:
    """Brings tokens that the provider signed for another client, another sign-in, another issuer, or too long ago."""
    with two(world) as (_, impostor):
        provider = IdProvider(world.elsewhere)
        wrong: dict[str, dict[str, Any]] = {
            "audience": {"aud": "another-client"},
            "nonce": {"nonce": "of another sign-in"},
            "issuer": {"iss": "https://evil.example"},
            "age": {"exp": 1},
        }
        for name, lies in wrong.items():
            provider.lies = lies
            page = impostor.page(signed_in_elsewhere(world, impostor.must_begin(PLATFORM)))
            case.stood("does not hold" in page and impostor.shown() == [], f"refused by its {name}")
        provider.lies = {}
        impostor.page(signed_in_elsewhere(world, impostor.must_begin(PLATFORM)))
        case.did(impostor.shown() != [], "the same tokens without the lie are taken")
    return Outcome.PREVENTED
