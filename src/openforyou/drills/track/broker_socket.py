"""Who can speak at the broker's socket as the platform does, and has no key of the staff's."""

from __future__ import annotations

from time import perf_counter

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openforyou.accounts import store as accounts_store
from openforyou.app import broker
from openforyou.core.encoding import to_base64url
from openforyou.core.ids import encode_id, new_id
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import refusal
from openforyou.drills.track.newsroom import WHY, Newsroom, newsroom
from openforyou.drills.world import World
from openforyou.privacy.access import acts, owner
from openforyou.privacy.access.errors import ERRORS
from openforyou.privacy.access.types import Doing
from openforyou.privacy.vault import store as vault_store
from openforyou.privacy.vault.types import Field, Kind, Subject

MANY = 220
"""More people within an hour than a quiet platform opens."""
WISH = {"purpose": "account_recovery", "case": "S-1", "fields": ["email"], "minutes": 30}


@attack(Seat.SOCKET)
def asks_the_socket_past_all_acts(world: World, case: Case) -> Outcome:
    """With no seal and no key of the staff's: acts in their names, people's numbers, other operations."""
    room = newsroom(world)
    nora = Subject(Kind.ACCOUNT, room.journalists["nora"].id)
    with broker.client(world.settings) as line:
        case.did(line.about() == world.settings.region, "the broker answers at its socket")
        name, own = str(line.call("access.facts", {})["broker"]), Ed25519PrivateKey.generate()
        codes = []
        for who in (room.ids["root"], room.ids["sue"], ""):
            for doing, body in (
                (Doing.LOOK, {}),
                (Doing.REQUEST, {**WISH, "subject": room.about("nora"), "words": WHY}),
                (Doing.ENROL, {"name": "me", "duties": ["granter"], "key": acts.public_text(own)}),
            ):
                text = acts.write(doing, who, name, body, world.platform.clock.now())
                sent = {"text": text, "signature": to_base64url(acts.sign(text, own)), "sealed": {}}
                error = refusal(line.call, "access.do", sent, errors=ERRORS)
                codes.append(error.code if error else "done")
        said = ", ".join(sorted(set(codes)))
        case.stood(said == "bad_act", f"{len(codes)} acts in the names of the staff under a key of her own: {said}")
        for operation in ("access.first", "access.entries", "keys", "unwrap"):
            error = refusal(line.call, operation, {})
            case.stood(error is not None, f"{operation}: {error.message if error else ''}")
        case.stood(line.open_own(nora, {}) == {}, "nora's number opens nothing by itself: the broker keeps no field")
        made_up = refusal(line.open_own, nora, {Field.EMAIL: bytes(80)})
        case.stood(made_up is not None, f"a seal that was made up: {made_up.message if made_up else ''}")
    return Outcome.PREVENTED


@attack(Seat.SOCKET)
def opens_seals_in_peoples_names(world: World, case: Case) -> Outcome:
    """With the database's seals beside the socket: a journalist's e-mail is opened in her name, then many people's."""
    room = newsroom(world)
    nora = room.journalists["nora"]
    subject = Subject(Kind.ACCOUNT, nora.id)
    with world.platform.database.connect() as connection:
        sealed = vault_store.get(connection, subject, [Field.EMAIL])
    before = len(_openings(world, room))
    with broker.client(world.settings) as line:
        began = perf_counter()
        opened = line.open_own(subject, sealed)
        case.did(
            opened[Field.EMAIL] == nora.email.encode(), "the socket opens her e-mail, for it takes the platform's word"
        )
        openings = _openings(world, room)
        took = perf_counter() - began
        case.stood(
            len(openings) == before + 1 and openings[0]["fields"] == ["email"],
            f"noted before it opened: it stands on her page and in her copy {took:.1f} s later, and she was not there",
        )
        began = perf_counter()
        for _ in range(MANY):
            somebody = Subject(Kind.ACCOUNT, new_id())
            line.open_own(somebody, line.seal(somebody, {Field.EMAIL: b"somebody@press.invalid"}))
        world.platform.access.tick()
        took = perf_counter() - began
    alarms = [one["kind"] for one in room.do("rae", Doing.LOOK)["alarms"]]
    case.stood(
        "bulk" in alarms, f"{MANY} people's within {took:.0f} s: an alarm in the public log with the next minute"
    )
    return Outcome.DETECTED


@attack(Seat.SOCKET)
def joins_pseudonyms_to_accounts(world: World, case: Case) -> Outcome:
    """With the database beside: the marks of all pseudonyms that she finds there, held against the accounts' rows."""
    room = newsroom(world)
    nora = room.journalists["nora"]
    pseudonyms = [nora.viewer_id, *(new_id() for _ in range(owner.MARKED_AT_LEAST))]
    with broker.client(world.settings) as line, world.platform.database.connect() as connection:
        began = perf_counter()
        (hers,) = line.mark(Field.VIEWER, [encode_id(nora.viewer_id).encode()])
        joined = accounts_store.accounts_of(connection, [hers])
        case.did(
            joined == {hers: nora.id}, "nora's pseudonym leads to her account, and so would each by itself, unseen"
        )
        before = _marks_alarms(room)
        line.mark(Field.VIEWER, [encode_id(one).encode() for one in pseudonyms])
        took = perf_counter() - began
    case.stood(
        len(_marks_alarms(room)) == len(before) + 1,
        f"{len(pseudonyms):,} marks took {took:.1f} s, and with them stood an alarm, for the public log",
    )
    return Outcome.DETECTED


@attack(Seat.SOCKET)
def asks_for_her_pseudonym(world: World, case: Case) -> Outcome:
    """With a journalist's account number: every operation that takes one, for the pseudonym that she watches under."""
    room = newsroom(world)
    nora = room.journalists["nora"]
    room.do("mo", Doing.REQUEST, **room.wish("nora", case="S-pseudonym"))
    with broker.client(world.settings) as line:
        named = {"kind": "account", "id": nora.id}
        told = [line.call(f"access.{one}", named) for one in ("looked_at", "own", "chosen")]
        secret = line.event_secrets([nora.id])[nora.id]
    case.did(bool(told[0]["looks"]), "the socket tells who asked to see her, when her fields were opened, and a secret")
    forms = ["press.invalid", encode_id(nora.viewer_id), str(int(nora.viewer_id))]
    case.stood(not [form for form in forms if form in str(told)], "no field and no pseudonym stands in it")
    hers = world.platform.keeper.event_secrets([int(nora.viewer_id)])[int(nora.viewer_id)]
    case.stood(secret != hers, "the secret is not hers: it goes by the pseudonym, which the number does not tell")
    return Outcome.PREVENTED


def _marks_alarms(room: Newsroom) -> list[str]:
    return [one["words"] for one in room.do("rae", Doing.LOOK)["alarms"] if one["words"].startswith("Marks of")]


def _openings(world: World, room: Newsroom) -> list[dict[str, object]]:
    account = room.journalists["nora"]
    return world.platform.access.own_openings(world.platform.person(account.viewer_id, account))
