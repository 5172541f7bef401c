"""Who has a place among the staff: a support agent, several of them, an auditor, an administrator, two who collude."""

from __future__ import annotations

from time import perf_counter

from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.track.newsroom import WHY, newsroom
from openforyou.drills.world import World
from openforyou.privacy.access.types import Doing


@attack(Seat.SUPPORT)
def looks_alone(world: World, case: Case) -> Outcome:
    """A support agent asks for a journalist's e-mail, grants it to herself, and reads."""
    room = newsroom(world)
    before = len(room.looks("nora"))
    request = room.do("sue", Doing.REQUEST, **room.wish("nora"))["request"]
    case.did(bool(request), "her request is taken in")
    early = room.refused("sue", Doing.READ, request=request)
    case.stood(early is not None, f"without a grant: {early.message if early else ''}")
    own = room.refused("sue", Doing.GRANT, request=request)
    case.stood(own is not None and own.code == "same_hand", f"her own grant: {own.message if own else ''}")
    case.stood(len(room.looks("nora")) > before, "nora reads of the request on her page at once")
    return Outcome.PREVENTED


@attack(Seat.SUPPORT)
def asks_for_meetings(world: World, case: Case) -> Outcome:
    """She asks for two journalists together, for whoever used an address at a time, for a place, and for a list."""
    room = newsroom(world)
    both = [room.about("nora"), room.about("ned")]
    case.did(both[0] != both[1], "there are two journalists whose meeting she is after")
    for words, more in (
        ("two people", {"subject": ",".join(both)}),
        ("two people, as a list", {"subject": both}),
        ("an address", {"address": "192.0.2.0/24"}),
        ("a place and a time", {"place": "a café", "since": "2026-05-04T09:00:00Z"}),
        ("which pseudonym they watch under", {"fields": ["viewer"]}),
        ("the secret behind their marks", {"fields": ["event_secret"]}),
    ):
        error = room.refused("sid", Doing.REQUEST, **room.wish("nora", **more))
        case.stood(error is not None, f"{words}: {error.code if error else None}")
    return Outcome.PREVENTED


@attack(Seat.SUPPORT)
def several_with_many_small_requests(world: World, case: Case) -> Outcome:
    """Three of the staff ask for three journalists under unlike purposes; a colleague grants in good faith."""
    room = newsroom(world)
    for name in room.journalists:
        account = room.journalists[name]
        world.platform.access.choose_protection(world.platform.person(account.viewer_id, account), on=True)
    before = {name: len(room.looks(name)) for name in room.journalists}
    opened, asked, began = 0, 0, perf_counter()
    for number, name in enumerate(room.journalists):
        for who, purpose, fields in (
            ("sam", "account_recovery", ["email"]),
            ("sol", "account_recovery", ["devices"]),
            ("tom", "child_safety", ["guardians"]),
        ):
            wish = room.wish(name, purpose=purpose, fields=fields, case=f"T-{who}-{number}")
            request = room.do(who, Doing.REQUEST, **wish)["request"]
            asked += 1
            room.do("gil", Doing.GRANT, request=request)
            opened += room.refused(who, Doing.READ, request=request) is None
    took = perf_counter() - began
    case.did(asked == 9, "nine requests, each granted by one colleague")
    case.stood(opened == 0, "none opens: journalists who asked to be protected need a reviewer's word beside")
    seen = sum(len(room.looks(name)) - before[name] for name in room.journalists)
    case.stood(seen == asked, f"all {seen} stand on the journalists' pages within {took:.1f} s")
    waiting = room.do("rae", Doing.LOOK)["waiting"]
    case.stood(len(waiting) >= asked, f"an independent reviewer has {len(waiting)} before her at once")
    return Outcome.PREVENTED


@attack(Seat.AUDITOR)
def reads_what_she_audits(world: World, case: Case) -> Outcome:
    """An auditor uses her overview of every request to learn about the people behind them."""
    room = newsroom(world)
    listed = room.do("ann", Doing.LOOK)
    case.did("requests" in listed, f"she sees all {len(listed['requests'])} requests")
    case.stood("press.invalid" not in str(listed), "no e-mail or other field stands in them")
    for fields in (["email"], ["devices"], ["viewer"]):
        error = room.refused("ann", Doing.REQUEST, **room.wish("ned", purpose="audit", case="A-1", fields=fields))
        case.stood(error is not None, f"an audit of {fields[0]}: {error.code if error else None}")
    error = room.refused("ann", Doing.GRANT, request=room.do("sid", Doing.REQUEST, **room.wish("nell"))["request"])
    case.stood(error is not None, f"and granting: {error.message if error else ''}")
    return Outcome.PREVENTED


@attack(Seat.ADMINISTRATOR)
def makes_a_puppet(world: World, case: Case) -> Outcome:
    """An administrator enrols a puppet who may ask and grant, agrees to it alone, and gives duties to himself."""
    room = newsroom(world)
    wanted = {"name": "puppet", "duties": ["granter", "support"], "key": room.public("puppet")}
    proposal = room.do("root", Doing.ENROL, **wanted)["proposal"]
    case.did(bool(proposal), "his proposal is taken in")
    alone = room.refused("root", Doing.AGREE, proposal=proposal)
    case.stood(alone is not None, f"his own second word: {alone.message if alone else ''}")
    asked = room.refused("root", Doing.REQUEST, **room.wish("ned"))
    case.stood(asked is not None and asked.code == "wrong_duty", f"asking himself: {asked.code if asked else None}")
    both = room.refused("root", Doing.ENROL, name="both", duties=["administrator", "support"], key=room.public("both"))
    case.stood(both is not None, f"both duties in one hand: {both.message if both else ''}")
    return Outcome.PREVENTED


@attack(Seat.TWO)
def one_asks_and_one_grants(world: World, case: Case) -> Outcome:
    """Two collude: with an invented case they see the e-mail of a journalist who did not ask to be protected."""
    room = newsroom(world)
    account = room.journalists["nell"]
    world.platform.access.choose_protection(world.platform.person(account.viewer_id, account), on=False)
    before = len(room.looks("nell"))
    began = perf_counter()
    request = room.do("mo", Doing.REQUEST, **room.wish("nell", case="S-invented", words=WHY))["request"]
    room.do("gil", Doing.GRANT, request=request)
    values = room.do("mo", Doing.READ, request=request)["values"]
    took = perf_counter() - began
    case.did(list(values) == ["email"], f"they see one field of one person, after {took:.1f} s")
    looks = room.looks("nell")
    case.stood(
        len(looks) == before + 1 and len(looks[0]["reads"]) == 1 and bool(looks[0]["entry"]),
        f"it stands on nell's page at once: {looks[0]['role']}, {looks[0]['purpose']}, and that it was read",
    )
    room.refused("gil", Doing.REVOKE, request=request, words="The drill is over, and so is this access.")
    return Outcome.DETECTED
