"""An identity claimed without holding it: copied words, a page of one's own, somebody else's code, link or record."""

from __future__ import annotations

from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.elsewhere import Reply, html, moved
from openforyou.drills.fake_accounts.people import MASTODON, account, bio, code_of, person, refused, two
from openforyou.drills.world import World


@attack(Seat.IMPOSTOR)
def copied_profile(world: World, case: Case) -> Outcome:
    """Takes the name and the bio of a known account, says in it that it is proven, and claims the account."""
    words = "The official account ✓ proven · ada@social.example"
    with two(world):
        copy = person(world, "ada_official", name="Ada ✓", bio=words)
        challenge = copy.must_begin("mastodon", account(world, "ada"), "code")
        page = copy.page("/@ada_official")
        case.did(words in page and bool(challenge), "the page carries the copied words, and the account is claimed")
        case.stood(copy.shown() == [] and 'class="proven"' not in page, "the page shows no mark and nothing as proven")
        copy.clear()
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def profile_page_of_ones_own(world: World, case: Case) -> Outcome:
    """Serves a copy of the owner's profile with the right code in it from a server of the impostor's."""
    with two(world) as (_, impostor):
        challenge = impostor.must_begin("mastodon", account(world, "ada"), "code")
        code = code_of(challenge)
        world.elsewhere.pages["eve.example", "/@ada"] = html(f'<meta name="description" content="{code}">')
        bio(world, "ada", "I film.")
        copied = world.platform.outside.get(f"https://{world.elsewhere.at('eve.example')}/@ada").body
        case.did(code.encode() in copied, "the copy at eve.example shows the code")
        refused(case, impostor.check(challenge["id"]), "not_proven", impostor)
        said = impostor.begin("instagram", f"https://{world.elsewhere.at('eve.example')}/ada")
        refused(case, said, "bad_input", impostor)
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def race_with_the_owner(world: World, case: Case) -> Outcome:
    """Claims the account when its owner does, and has it checked first, while the owner's code stands there."""
    with two(world) as (owner, impostor):
        hers = owner.must_begin("mastodon", account(world, "ada"), "code")
        his = impostor.must_begin("mastodon", account(world, "ada"), "code")
        bio(world, "ada", f"I film. {code_of(hers)}")
        seen = world.platform.outside.get(hers["steps"][1]["link"]).body
        case.did(code_of(hers).encode() in seen, "both have a code for the same account; the owner's is in the bio")
        refused(case, impostor.check(his["id"]), "not_proven", impostor)
        owner.must_prove(hers["id"])
        bio(world, "ada", f"{code_of(hers)} {code_of(his)}")
        late = impostor.check(his["id"])
        case.stood(late.body.get("code") == "identity_taken", f"a later proof takes nothing, {late.words}")
        case.stood(owner.shown() == [account(world, "ada")] and impostor.shown() == [], "the owner alone is shown")
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def replayed_code(world: World, case: Case) -> Outcome:
    """Copies the code that everybody can read in the owner's bio into an account of the impostor's, and claims it."""
    with two(world) as (owner, impostor):
        hers = owner.must_begin("mastodon", account(world, "ada"), "code")
        bio(world, "ada", code_of(hers))
        owner.must_prove(hers["id"])
        his = impostor.must_begin("mastodon", account(world, "eve"), "code")
        bio(world, "eve", code_of(hers))
        case.did(code_of(his) != code_of(hers), "the owner's code stands in the impostor's bio")
        refused(case, impostor.check(his["id"]), "not_proven", impostor)
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def expired_code(world: World, case: Case) -> Outcome:
    """Puts a code into an account that is theirs for a moment, and has it checked when its day is over."""
    with two(world) as (_, impostor):
        his = impostor.must_begin("mastodon", account(world, "ada"), "code")
        bio(world, "ada", code_of(his))
        over = world.sql("UPDATE identity_challenges SET expires_at = now() RETURNING code")
        case.did((code_of(his),) in over, "the code is in the bio, and its day is over")
        refused(case, impostor.check(his["id"]), "challenge_expired", impostor)
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def stolen_challenge(world: World, case: Case) -> Outcome:
    """Has the owner's own challenge checked from another account, to be given the proof."""
    with two(world) as (owner, impostor):
        hers = owner.must_begin("mastodon", account(world, "ada"), "code")
        bio(world, "ada", code_of(hers))
        open_ = [one["id"] for one in owner.own()["challenges"]]
        case.did(hers["id"] in open_, f"the impostor knows the challenge {hers['id']}, and its code is in the bio")
        refused(case, impostor.check(hers["id"]), "not_found", impostor)
        owner.must_prove(hers["id"])
        case.stood(owner.shown() == [account(world, "ada")], "the owner still proves it with it")
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def code_in_a_comment(world: World, case: Case) -> Outcome:
    """Writes the code where anybody may write on the owner's page: a comment, a guest book, a caption."""
    with two(world) as (_, impostor):
        his = impostor.must_begin("mastodon", account(world, "ada"), "code")
        bio(world, "ada", "I film.", more=f"<p class=comment>Nice! {code_of(his)}</p>")
        page = world.platform.outside.get(f"https://{world.elsewhere.at(MASTODON)}/@ada").body
        case.did(code_of(his).encode() in page, "the owner's page shows the impostor's code in a comment")
        refused(case, impostor.check(his["id"]), "not_proven", impostor)
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def backlink_of_another(world: World, case: Case) -> Outcome:
    """Claims a profile that links to its owner's page here, and links from a page of the impostor's to the owner's."""
    with two(world) as (owner, impostor):
        link = f'<link rel="me" href="{world.url}/@{owner.handle}">'
        for name in ("ada", "eve"):
            world.elsewhere.pages[MASTODON, f"/@{name}"] = html(link)
        his = impostor.must_begin("mastodon", account(world, "ada"), "rel-me")
        seen = [
            world.platform.outside.get(f"https://{world.elsewhere.at(MASTODON)}/@{one}").body for one in ("ada", "eve")
        ]
        case.did(all(link.encode() in one for one in seen), f"both profiles say rel=me of {world.url}/@{owner.handle}")
        refused(case, impostor.check(his["id"]), "not_proven", impostor)
        own = impostor.must_begin("mastodon", account(world, "eve"), "rel-me")
        refused(case, impostor.check(own["id"]), "not_proven", impostor)
        case.stood(owner.shown() == [], "nor does the impostor's link give the owner an account that is not theirs")
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def record_in_another_zone(world: World, case: Case) -> Outcome:
    """Claims a domain of somebody else's, with the right record in the impostor's own zone and at other names."""
    with two(world) as (_, impostor):
        domain = world.elsewhere.at("ada.example")
        his = impostor.must_begin("web", domain, "dns")
        record = f"openforyou={code_of(his)}"
        for name in ("_openforyou.eve.example", "_openforyou.ada.example.eve.example", "ada.example"):
            world.elsewhere.texts[name] = [record]
        read = list(world.platform.outside.texts("_openforyou.eve.example"))
        case.did(read == [record], "the record stands at eve.example, and at another name of ada.example")
        refused(case, impostor.check(his["id"]), "not_proven", impostor)
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def redirected_profile(world: World, case: Case) -> Outcome:
    """Uses an open redirect of the owner's server, so that the profile's address leads to the impostor's page."""
    with two(world) as (_, impostor):
        his = impostor.must_begin("web", world.elsewhere.at("ada.example"), "well-known")
        place = "/.well-known/openforyou.txt"
        world.elsewhere.pages["eve.example", "/mine.txt"] = Reply(code_of(his).encode())
        world.elsewhere.pages["ada.example", place] = moved(f"https://{world.elsewhere.at('eve.example')}/mine.txt")
        led = world.platform.outside.get(f"https://{world.elsewhere.at('ada.example')}{place}")
        case.did(code_of(his).encode() == led.body, "ada.example leads to the impostor's file with the code")
        refused(case, impostor.check(his["id"]), "not_proven", impostor)
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def name_that_leads_inside(world: World, case: Case) -> Outcome:
    """Claims a site whose name leads to an address inside the operator's network, to have it asked from there."""
    with two(world) as (_, impostor):
        world.elsewhere.addresses["ada.example"] = "10.0.0.1"
        try:
            his = impostor.must_begin("web", world.elsewhere.at("ada.example"), "well-known")
            at = [str(one) for one in world.platform.outside.names.addresses("ada.example", 5)]
            case.did(at == ["10.0.0.1"], "the name server says that ada.example is at 10.0.0.1")
            said = impostor.check(his["id"])
            refused(case, said, "outside_refused", impostor)
            case.stood("no public address" in str(said.body.get("error")), "before anything is asked there")
        finally:
            world.elsewhere.addresses["ada.example"] = "127.0.0.1"
    return Outcome.PREVENTED
