"""Accounts that were the creator's and are another's now: what was proven must not stay proven."""

from __future__ import annotations

from openforyou.catalog.identities.rules import GRACE
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.elsewhere import as_json
from openforyou.drills.fake_accounts.people import account, bio, code_of, two
from openforyou.drills.world import World

DUE = "UPDATE identities SET look_at = now() WHERE ended_at IS NULL"
HERS, HIS = "did:plc:" + "a" * 24, "did:plc:" + "e" * 24


@attack(Seat.IMPOSTOR)
def handle_sold(world: World, case: Case) -> Outcome:
    """Proves a handle, hands it over to somebody else, and goes on to be shown as its holder."""
    with two(world) as (_, impostor):
        handle = world.elsewhere.at("ada.example")
        _points(world, handle, HERS, "")
        his = impostor.must_begin("bluesky", handle)
        _points(world, handle, HERS, code_of(his))
        impostor.must_prove(his["id"])
        _points(world, handle, HIS, "I film.")
        world.sql(DUE)
        case.did(
            impostor.shown() == [handle], f"{handle} leads to {HIS} now, and is still shown as the former holder's"
        )
        with world.worker():
            world.wait_for(lambda: impostor.shown() == [], "the worker looked again and it is no longer shown")
        (ended,) = world.sql("SELECT end_reason FROM identities WHERE who = %s AND ended_at IS NOT NULL", handle)
        case.stood(HIS in ended[0], f"at the next look it lapsed at once: {ended[0]}")
    return Outcome.DETECTED


@attack(Seat.IMPOSTOR)
def account_lost(world: World, case: Case) -> Outcome:
    """Proves an account, loses it to its rightful owner, who takes the code off, and says nothing."""
    with two(world) as (owner, impostor):
        who = account(world, "ada")
        his = impostor.must_begin("mastodon", who, "code")
        bio(world, "ada", code_of(his))
        impostor.must_prove(his["id"])
        taken = owner.begin("mastodon", who, "code")
        case.did(taken.body.get("code") == "identity_taken", f"its owner is told whose it is: {taken.words}")
        bio(world, "ada", "I film, and this is mine again.")
        world.sql(DUE)
        with world.worker():
            world.wait_for(lambda: impostor.own()["proven"][0]["failure"], "the worker saw that it is gone")
            failure = impostor.own()["proven"][0]["failure"]
            case.stood("mine again" in failure, f"the next look finds it gone: {failure}")
            world.sql("UPDATE identities SET failing_since = failing_since - %s WHERE ended_at IS NULL", GRACE)
            world.sql(DUE)
        with world.worker():
            world.wait_for(lambda: impostor.shown() == [], "the grace is over")
        case.stood(True, f"after {GRACE.days} days it lapses")
        hers = owner.must_begin("mastodon", who, "code")
        bio(world, "ada", code_of(hers))
        owner.must_prove(hers["id"])
        case.stood(owner.shown() == [who], "and its owner proves it")
    return Outcome.DETECTED


def _points(world: World, handle: str, did: str, description: str) -> None:
    """A handle leads to a DID, whose document names the handle, and whose profile says something."""
    there = world.elsewhere
    there.texts["_atproto.ada.example"] = [f"did={did}"]
    service = {"id": "#atproto_pds", "serviceEndpoint": f"https://{there.at('pds.example')}"}
    there.pages["plc.example", f"/{did}"] = as_json(
        {"id": did, "alsoKnownAs": [f"at://{handle}"], "service": [service]}
    )
    there.pages["pds.example", "/xrpc/com.atproto.repo.getRecord"] = as_json({"value": {"description": description}})
