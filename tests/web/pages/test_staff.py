"""Access by staff, in browsers with keys of their own: asked, granted, read, seen by the person; and each refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Locator, Page, expect

from openforyou.accounts.passwords import Passwords
from openforyou.accounts.service import Accounts
from openforyou.app.access import AccessRelay
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.core.clock import SystemClock
from openforyou.core.encoding import canonical_json
from openforyou.core.ids import encode_id
from openforyou.demo.office import Office
from openforyou.privacy.access import acts
from openforyou.privacy.access.types import Doing, Duty
from openforyou.privacy.broker.address import Address
from openforyou.privacy.broker.client import BrokerClient
from tests.web.pages.conftest import DESKTOP, PHONE, Site, Visit, fresh_database, serving
from tests.web.pages.test_pages import SMALL_TARGETS, settled, violations

pytestmark = pytest.mark.browser
PERSON = "looked.at@example.org"
SMALL = {"width": 320, "height": 568}
KEY = 'async () => (await (await import("/static/js/staff/key.js")).kept()).public'
WHY = "They wrote to support and cannot sign in any more."


class Moving:
    """The machine's clock, and how far the server's goes before it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


@dataclass
class Desks:
    """Two of the staff in a browser each, the person in a third, and whoever enrols."""

    site: Site
    clock: Moving
    office: Office
    sue: Visit
    gil: Visit
    person: Visit

    @property
    def subject(self) -> str:
        return f"account:{encode_id(self.site.platform.accounts.of_email(PERSON).id)}"

    @contextmanager
    def on(self, page: Page) -> Iterator[None]:
        """Sue goes on in another window meanwhile."""
        before, self.sue.page = self.sue.page, page
        self.sue.listen()
        yield
        page.close()
        self.sue.page = before

    def ask(self, **more: str) -> Page:
        """Sue asks, and what she is then shown."""
        self.sue.open("/staff/access/ask")
        return fill(self.sue.page, {"subject": self.subject, **more})

    def asked(self, **more: str) -> str:
        """The id of a request that went through."""
        page = self.ask(**more)
        page.wait_for_url("**/staff/access/requests/*")
        return page.url.rpartition("/")[2]

    def at(self, who: Visit, request: str) -> Page:
        """The page of a request, with what is known of it."""
        page = who.open(f"/staff/access/requests/{request}")
        expect(page.locator("#others")).to_be_visible()
        return page

    def granted(self, **more: str) -> str:
        """The id of a request that Gil granted."""
        request = self.asked(**more)
        page = self.at(self.gil, request)
        page.get_by_role("button", name="Grant").click()
        expect(page.get_by_text("Its record stands in the public log.")).to_be_visible()
        return request


@pytest.fixture(scope="module")
def clock() -> Moving:
    return Moving()


@pytest.fixture(scope="module")
def site(
    server_url: str, chromium_path: str, clock: Moving, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A place without a clip, whose clock can be moved."""
    folder = tmp_path_factory.mktemp("staff")
    with (
        fresh_database(server_url, "staff") as url,
        Platform(Settings(data=folder / "data"), clock=clock, database_url=url) as platform,
    ):
        quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        platform.accounts = Accounts(platform.database, platform.clock, platform.keeper, quick)
        with serving(platform) as port:
            yield Site(f"http://localhost:{port}", platform, {}, folder)


@pytest.fixture(scope="module")
def desks(chromium: Browser, site: Site, clock: Moving) -> Iterator[Desks]:
    def visit(**how: object) -> Visit:
        context = chromium.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce", **how})
        made = Visit(site, context, context.new_page())
        made.listen()
        return made

    person, sue, gil = visit(), visit(), visit(viewport=PHONE, has_touch=True)
    person.sign_up(PERSON)
    office = Office(site.platform.settings, site.platform.access, clock)
    enrolled(office, sue, "Sue", Duty.SUPPORT, Duty.LEGAL, Duty.GRANTER)
    enrolled(office, gil, "Gil", Duty.GRANTER)
    yield Desks(site, clock, office, sue, gil, person)
    for one in (person, sue, gil):
        one.context.close()
    assert [wrong for one in (person, sue, gil) for wrong in one.wrong] == []


def enrolled(office: Office, visit: Visit, name: str, *duties: Duty) -> None:
    """Makes a key in the browser, has two administrators enrol it, and has the broker say whose it is."""
    page = visit.open("/staff/access/key")
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator("#public")).to_contain_text("p256:")
    key = page.locator("#public").inner_text()
    expect(page.locator("#fingerprint")).to_have_text(acts.fingerprint(key))
    change(office, name=name, duties=sorted(duties), key=key)
    introduce(visit, name)


def change(office: Office, **how: object) -> str:
    """Both administrators have somebody stand so; the id."""
    proposed = office.do("root", Doing.ENROL, **how)
    return str(office.do("deputy", Doing.AGREE, proposal=proposed["proposal"])["staff"])


def introduce(visit: Visit, name: str) -> None:
    """The broker tells the browser whose its key is."""
    page = visit.page
    page.get_by_role("button", name="Ask the broker").click()
    expect(page.locator("#standing")).to_contain_text(f"The broker knows you: {name}")


def fill(page: Page, more: dict[str, str]) -> Page:
    told = {"purpose": "account_recovery", "case": "S-17", "minutes": "30", "words": WHY, "fields": "email"} | more
    page.get_by_label("Purpose").select_option(told["purpose"])
    field = told.pop("fields")
    if page.locator(f"[data-field={field}]").is_visible():
        page.locator(f"[name=fields][value={field}]").check()
    if told["purpose"] == "danger_to_life":
        del told["case"]
    for name in told.keys() - {"purpose"}:
        page.locator(f"#{name}").fill(told[name])
    page.locator("#ask button[type=submit]").click()
    return page


@contextmanager
def refused(*visits: Visit) -> Iterator[None]:
    """Chromium reports each answer that is an error."""
    for visit in visits:
        visit.expected.append("the server responded with a status of")
    yield
    for visit in visits:
        visit.expected.pop()


def deed(page: Page, name: str) -> Locator:
    """What can be done, whose turn it may not be."""
    page.locator("#others").evaluate("fold => { fold.open = true; }")
    return page.locator(f'[data-deed="{name}"]')


def test_asked_granted_read_and_seen_by_the_person(desks: Desks, tmp_path: Path) -> None:
    request = desks.asked()
    sue = desks.sue.page
    expect(sue.get_by_text("waits for a grant")).to_be_visible()
    gil = desks.gil.open("/staff/access")
    gil.get_by_role("link", name="Account recovery").click()
    expect(gil.get_by_text(WHY)).to_be_visible()
    assert violations(gil) == []
    assert gil.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    gil.get_by_role("button", name="Grant").click()
    expect(gil.get_by_text("Its record stands in the public log.")).to_be_visible()

    desks.at(desks.sue, request).get_by_role("button", name="Open it").click()
    opened = sue.locator("#opened")
    value = opened.get_by_text("looked.at@")
    expect(value).to_be_visible()
    assert value.inner_text().lower() == PERSON
    expect(opened.locator("#mark")).to_contain_text(f"under access {request}")
    expect(opened.get_by_role("timer")).to_contain_text("29:")
    assert violations(sue) == []
    sue.get_by_role("button", name="Put it away").click()
    assert PERSON not in sue.content().lower()

    page = desks.person.open("/settings")
    page.get_by_role("link", name="Who looked").click()
    look = page.get_by_role("article").filter(has_text="open now")
    expect(look).to_contain_text("Help somebody back into their own account")
    expect(look).to_contain_text("your e-mail")
    expect(look).to_contain_text("1 time, last")
    look.get_by_text("Its record in the public log").click()
    look.get_by_role("button", name="Find it in the log").click()
    expect(look.locator(".verdict.good")).to_contain_text("is this record, and its mark is yours.")
    page.locator("[data-look]").evaluate(
        "one => { one.dataset.look = JSON.stringify({ ...JSON.parse(one.dataset.look), salt: '00'.repeat(32) }); }"
    )
    look.get_by_role("button", name="Find it in the log").click()
    expect(look.locator(".verdict.bad")).to_contain_text("bears this entry, but its mark is not yours")
    assert violations(page) == []


def test_what_was_opened_vanishes_when_it_ends(desks: Desks) -> None:
    page = desks.sue.context.new_page()
    page.clock.install()
    with desks.on(page):
        request = desks.granted(minutes="2")
        desks.at(desks.sue, request).get_by_role("button", name="Open it").click()
        expect(page.get_by_text("looked.at@")).to_be_visible()
        end = deed(desks.at(desks.gil, request), "revoke")
        end.get_by_label("Why").fill("The case was solved another way.")
        end.get_by_role("button").click()
        expect(desks.gil.page.locator("#done")).to_contain_text("Ended.")
        page.clock.fast_forward(16_000)
        expect(page.get_by_text("It was ended, and what it showed is gone")).to_be_visible()
        assert PERSON not in page.content().lower()

        request = desks.granted(minutes="2")
        desks.at(desks.sue, request).get_by_role("button", name="Open it").click()
        expect(page.get_by_text("looked.at@")).to_be_visible()
        (sue,) = (one for one in desks.office.do("root", Doing.LOOK)["staff"] if one["name"] == "Sue")
        with refused(desks.sue):  # Until the page is left: it looks each 15 seconds, when it likes.
            change(desks.office, staff=sue["staff"], duties=[])
            page.clock.fast_forward(16_000)
            expect(page.locator("#done")).to_contain_text("Nobody of the staff here has that key, and what it showed")
            assert PERSON not in page.content().lower()
            expect(page.locator("#trouble")).to_contain_text("Two administrators enrol somebody.")
            again = change(desks.office, name="Sue", duties=sue["duties"], key=page.evaluate(KEY))
            assert again != sue["staff"]
            desks.sue.open("/staff/access")
            expect(page.locator("#me-words")).to_contain_text(f"In the public log you are {again}.")

        request = desks.granted(minutes="2")
        desks.at(desks.sue, request).get_by_role("button", name="Open it").click()
        expect(page.get_by_text("looked.at@")).to_be_visible()
        page.clock.fast_forward(121_000)
        expect(page.get_by_text("Its time is over, and what it showed is gone")).to_be_visible()
        assert PERSON not in page.content().lower()


def test_registry_protection_delay_danger_and_the_end(desks: Desks, make_visit: Callable[..., Visit]) -> None:
    ann, rae = make_visit(), make_visit(viewport=SMALL, has_touch=True)
    enrolled(desks.office, ann, "Ann", Duty.ADMINISTRATOR)
    page = rae.open("/staff/access/key")
    page.get_by_role("button", name="Make a key").click()
    key = page.locator("#public")
    expect(key).to_contain_text("p256:")

    registry = ann.open("/staff/access/people")
    registry.get_by_label("Name").fill("Rae")
    registry.get_by_label("Public key").fill(key.inner_text())
    fingerprint = acts.fingerprint(key.inner_text())
    expect(registry.locator("#key-fingerprint")).to_have_text(fingerprint)
    registry.get_by_label("Reviewer").check()
    registry.get_by_role("button", name="Propose").click()
    expect(registry.locator("#proposals")).to_contain_text("proposed by you")
    expect(registry.locator("#proposals")).to_contain_text(f"Key {fingerprint}")
    (proposal,) = desks.office.do("deputy", Doing.LOOK)["proposals"]
    assert (proposal["keys"], proposal["is_new"]) == ([fingerprint], True)
    desks.office.do("deputy", Doing.AGREE, proposal=proposal["proposal"])
    introduce(rae, "Rae")
    desks.office.do("root", Doing.ENROL, name="Leo", duties=["legal"], key=desks.office.public("leo"))
    registry.reload()
    registry.get_by_role("button", name="Agree").click()
    expect(registry.locator("#done")).to_contain_text("Leo is ")
    registry.locator("#subject").fill(desks.subject)
    registry.get_by_role("button", name="Protect", exact=True).click()
    expect(registry.locator("#done")).to_have_text("Protected.")
    assert violations(registry) == []

    request = desks.asked(purpose="court_order", case="O-1", delay_days="7", order="Court of Here, 3 May, 12/26")
    page = rae.open("/staff/access")
    page.get_by_role("link", name="Court order").click()
    page.get_by_role("button", name="Agree").click()
    expect(page.locator("#done")).to_have_text("Agreed: the person is told 7 days after the grant.")
    page.get_by_role("button", name="Grant").click()
    expect(page.locator("#done")).to_contain_text("It waits for another grant, by a second person.")
    gil = desks.at(desks.gil, request)
    gil.get_by_role("button", name="Grant").click()
    expect(gil.locator("#done")).to_contain_text("Its record stands in the public log.")
    end = deed(gil, "revoke")
    end.get_by_label("Why").fill("The order was lifted this morning.")
    end.get_by_role("button").click()
    expect(gil.locator("#done")).to_contain_text("Ended.")

    desks.ask(purpose="danger_to_life")
    sue = desks.sue.page
    sue.wait_for_url("**/staff/access/requests/*")
    sue.get_by_role("button", name="Open it").click()
    expect(sue.get_by_text("looked.at@")).to_be_visible()
    page = rae.open("/staff/access")
    expect(page.locator("#alarms")).to_contain_text("The glass was broken for danger_to_life")
    assert violations(page) == []
    page.locator("#waiting").get_by_role("link", name="Danger to life").click()
    page.get_by_label("What you found").fill("I spoke with the officer who called.")
    page.get_by_role("button", name="It was right").click()
    expect(page.locator("#done")).to_have_text("Reviewed: it was as it should be.")
    registry.locator("#subject").fill(desks.subject)
    registry.get_by_role("button", name="End the protection").click()
    expect(registry.locator("#done")).to_have_text("Not protected by the staff any more.")
    for address in ("", "/ask", "/people", "/key"):
        rae.open("/staff/access" + address)
        expect(page.locator("#me-words, #region, #none, #standing").first).not_to_contain_text("Asking")
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"], address
        assert page.evaluate(SMALL_TARGETS) == [], address


def test_each_refusal_says_what_to_do(desks: Desks) -> None:
    request = desks.asked(case="S-18")
    with refused(desks.sue, desks.gil):
        page = desks.at(desks.sue, request)
        own = deed(page, "grant")
        own.get_by_role("button").click()
        expect(own.get_by_role("alert")).to_have_text("This is your own request. Somebody else grants it.")

        page = desks.gil.open("/staff/access/ask")
        fill(page, {"subject": desks.subject})
        expect(page.locator("#refused")).to_contain_text("Your duties do not include asking for account_recovery")
        expect(page.locator("#refused")).to_contain_text("This is for: support.")

        page = desks.ask(subject=f"{desks.subject},{desks.subject}")
        expect(page.locator("#subject-error")).to_contain_text("No request takes two people")
        page.locator("#subject").fill(PERSON)
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("#subject-error")).to_contain_text("it was not sent")

        page.locator("#purpose").evaluate("list => list.add(new Option('Curiosity', 'curiosity'))")
        fill(page, {"purpose": "curiosity", "subject": desks.subject})
        expect(page.locator("#purpose-error")).to_contain_text("is no published purpose. It is one of account_recovery")

        refusal = desks.at(desks.gil, request).locator('[data-deed="refuse"]')
        refusal.get_by_role("button", name="Refuse").click()
        expect(refusal.get_by_role("alert")).to_contain_text("20 to 1,000 characters")
    refusal.get_by_label("Why not").fill("This case was closed a week ago.")
    refusal.get_by_role("button", name="Refuse").click()
    expect(desks.gil.page.locator("#done")).to_contain_text("The person reads that it was asked for, and refused.")


def test_nothing_opens_late_nor_without_broker_or_log(desks: Desks) -> None:
    request = desks.granted(case="S-19", minutes="1")
    relay = desks.site.platform.access
    page = desks.at(desks.sue, request)
    read = page.locator('[data-deed="read"]')
    with refused(desks.sue):
        away = {"code": "broker_unavailable", "error": "The broker is away.", "hint": ""}
        page.route("**/v1/access/facts", lambda route: route.fulfill(status=503, json=away))
        read.get_by_role("button").click()
        expect(read.get_by_role("alert")).to_have_text("The broker is away.")
        page.unroute("**/v1/access/facts")
        expect(desks.at(desks.sue, request).locator("#facts")).to_contain_text("Never")  # a look was not spent

        with BrokerClient(Address(path=desks.site.folder / "nobody")) as nobody:
            desks.site.platform.access = AccessRelay(desks.site.platform.database, nobody, lambda: None)
            read.get_by_role("button").click()
            expect(read.get_by_role("alert")).to_contain_text("Try again in a minute")
            desks.site.platform.access = relay

        checkpoint = desks.site.platform.settings.log_folder / "checkpoint"
        signed = checkpoint.read_bytes()
        checkpoint.write_bytes(b"half a checkp")
        read.get_by_role("button").click()
        expect(read.get_by_role("alert")).to_contain_text("Nothing was opened.")
        expect(read.get_by_role("alert")).to_contain_text("the grant stands")
        checkpoint.write_bytes(signed)

        desks.clock.ahead = timedelta(minutes=2)
        read.get_by_role("button").click()
        expect(read.get_by_role("alert")).to_contain_text("That access ended at")
        expect(read.get_by_role("alert")).to_contain_text("Ask anew: a grant is not prolonged.")
    assert PERSON not in page.content().lower()


HARD = [
    {"b": 1, "a": {"z": [], "y": {}}, "": None},
    {
        "\uff5e": 1,
        "\U0001f600": 2,
        "\ue000": 3,
        "é": 4,
        "e\u0301": 5,
        "10": 6,
        "9": 7,
        "A": 8,
        "a\U0001f600": 9,
        "a\uff5e": 0,
    },
    'quotes " \\ / \b\f\n\r\t \x00 \x1f \x7f \x80 \u2028 \u2029 \ufeff \u200b \U0010ffff',
    [0, -1, 2**53 - 1, -(2**53) + 1, True, False, None, "", [[[]]]],
    {"__proto__": 1, "constructor": {"toString": "x"}, "length": 2},
]
REFUSED = (
    "1.5, 2 ** 53, -0, NaN, Infinity, '\\ud800', 'a\\udc00b', {'\\ud83d': 1}, undefined, [undefined], [, 1],"
    "() => 1, Symbol(), new Date(0), new Map(), new Uint8Array(1), {[Symbol()]: 1},"
    "(() => { const one = []; one.push(one); return one; })()"
)


def test_canonical_json_is_the_servers_byte_for_byte(desks: Desks) -> None:
    page = desks.person.open("/about")
    load = 'const { canonicalJson } = await import("/static/js/staff/canonical.js");'
    body = f"""async (given) => {{ {load}
      return JSON.parse(given).map((one) => [...new TextEncoder().encode(canonicalJson(one))]); }}"""
    assert [bytes(one) for one in page.evaluate(body, json.dumps(HARD))] == [canonical_json(one) for one in HARD]
    body = f"""async () => {{ {load}
      return [{REFUSED}].map((one) => {{
        try {{ return canonicalJson(one); }} catch (error) {{ return error instanceof TypeError; }} }}); }}"""
    found = page.evaluate(body)
    assert len(found) > 15
    assert set(found) == {True}, found
    big = f"async () => {{ {load} return canonicalJson({{ id: {2**63 - 1}n }}); }}"
    assert page.evaluate(big).encode() == canonical_json({"id": 2**63 - 1})
