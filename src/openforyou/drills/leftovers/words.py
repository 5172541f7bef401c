"""Those whose word ends a region, or certifies its end: one of them, two of them, whoever has the key of the log."""

from __future__ import annotations

from openforyou.core.encoding import to_base64url
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import refusal
from openforyou.drills.leftovers.moves import a_move, killed_in
from openforyou.drills.world import World
from openforyou.privacy.regions import rules


@attack(Seat.ADMINISTRATOR)
def one_word(world: World, case: Case) -> Outcome:
    """One administrator signs alone, signs for the other too, and asks the broker directly."""
    with a_move(world) as made:
        word = made.move().word
        made.agree(1)
        (first, key), (second, _) = made.keys.items()
        mine = to_base64url(key.sign(rules.end_bytes(word)))
        case.did(bool(mine), "one rightful signature under the rightful word")
        alone = refusal(made.certify)
        case.stood(alone is not None and alone.code == "no_quorum", f"alone: {alone.message if alone else ''}")
        asked = {"text": word, "signatures": {first: mine, second: mine}}
        both = refusal(lambda: made.source.call("regions.end", asked))
        case.stood(both is not None and both.code == "no_quorum", f"for both: {both.message if both else ''}")
        case.stood((made.old.broker_folder / "region.key").exists(), "the region's key is where it was")
    return Outcome.PREVENTED


@attack(Seat.TWO)
def ended_without_a_move(world: World, case: Case) -> Outcome:
    """Two administrators destroy the region's keys before anybody has moved, and want it certified."""
    with a_move(world) as made:
        facts = made.source.call("regions.facts", {})
        word = rules.end_word(
            facts["broker"], facts["fingerprint"], {"move": "0" * 16, "to": made.names[1], "root": ""}
        )
        signatures = {who: to_base64url(key.sign(rules.end_bytes(word))) for who, key in made.keys.items()}
        ended = made.source.call("regions.end", {"text": word, "signatures": signatures})
        case.did(ended["keys"] >= len(made.people), f"{ended['keys']} keys are destroyed: two can do that")
        error = refusal(made.certify)
        case.stood(error is not None, f"there is no certificate: {error.message if error else ''}")
        moved = refusal(made.move)
        case.stood(
            moved is not None and moved.code == "region_ended", f"nor comes one: {moved.message if moved else ''}"
        )
    return Outcome.DETECTED


@attack(Seat.TWO)
def moved_what_was_not_there(world: World, case: Case) -> Outcome:
    """A superuser takes a person's seal out midway, and an administrator goes on with the move."""
    with a_move(world) as made:
        killed_in(lambda: made.move("counted"))
        lost = made.people[0].id
        gone = world.sql("DELETE FROM sealed_fields WHERE subject_id = %s RETURNING 1", lost)
        case.did(len(gone) == 1, "one person's seal is gone")
        error = refusal(made.move)
        case.stood(error is not None and error.code == "unequal_inventories", f"{error.message if error else ''}")
        signed = refusal(lambda: made.agree(1))
        case.stood(signed is not None, f"there is no word to sign: {signed.message if signed else ''}")
    return Outcome.DETECTED


@attack(Seat.KEY)
def certificate_forged(world: World, case: Case) -> Outcome:
    """Whoever has the log's key writes a certificate of their own: with other numbers, with one signer, with finds."""
    with a_move(world) as made:
        made.move()
        made.agree()
        text = made.certify()
        body, key = made.checked(text), world.log_key()
        body.pop("leaf")
        forged = rules.certify({**body, "keys": body["keys"] + 40}, key)
        case.did(forged != text, "forged and rightly signed")
        error = refusal(lambda: made.checked(forged))
        case.stood(error is not None, f"who checks it is told: {error.message if error else ''}")
        one = refusal(lambda: rules.certify({**body, "destroyed": {**body["destroyed"], "by": ["one"]}}, key))
        case.stood(one is not None, f"with one signer: {one.message if one else ''}")
        found = {**body["scan"], "found": {"table files": 1}}
        again = refusal(lambda: rules.certify({**body, "scan": found}, key))
        case.stood(again is not None, f"with a find: {again.message if again else ''}")
    return Outcome.DETECTED
