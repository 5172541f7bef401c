""" "Check this number": the modules against the shared vectors, and the sheet against true and false numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from sqlalchemy import text

from openforyou.core.ids import CreatorId, RequestId, ViewerId
from openforyou.events.leaf import encode_record
from openforyou.events.log import store as log_store
from openforyou.events.types import Event, EventType
from openforyou.ledger.checkpoint import open_checkpoint, sign
from openforyou.ledger.cosignature import cosign
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.note import parse_note
from openforyou.ledger.tiles import bundle_path
from tests.web.pages.conftest import PHONE, Site, Visit
from tests.web.pages.test_pages import SMALL_TARGETS, violations

pytestmark = pytest.mark.browser
MakeVisit = Callable[..., Visit]
VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "audit" / "vectors.json").read_text())
CLIP = "Embers 1"
WITH_MODULES = """const [{ sha256 }, { Tree }, leaf, note, { Recount }, { bundlePath }] = await Promise.all(
  ["sha256", "tree", "leaf", "note", "count", "download"].map((name) => import(`/static/js/check/${name}.js`)));
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const hex = (data) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");"""


@pytest.fixture(scope="module")
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    """A page of the site that does nothing by itself, to import modules in."""
    context = chromium.new_context()
    opened = context.new_page()
    opened.goto(site.origin + "/about")
    yield opened
    context.close()


def run(page: Page, body: str, argument: Any = None) -> Any:
    """What a piece of script comes to that has the modules and an argument `given`."""
    return page.evaluate(f"async (given) => {{ {WITH_MODULES} {body} }}", argument)


# The modules


def test_the_hash_is_that_of_the_browser(page: Page) -> None:
    body = """const wrong = [];
      for (let length = 0; length < 300; length += 1) {
        const data = crypto.getRandomValues(new Uint8Array(length));
        const right = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
        if (hex(sha256(data)) !== hex(right)) wrong.push(length);
      }
      return wrong;"""
    assert run(page, body) == []


def test_roots_are_those_of_the_vectors(page: Page) -> None:
    body = """const tree = new Tree();
      const roots = [hex(tree.root())];
      for (const entry of given) {
        tree.append(bytes(entry));
        roots.push(hex(tree.root()));
      }
      return roots;"""
    assert run(page, body, VECTORS["tree"]["entries"]) == VECTORS["tree"]["roots"]


def test_leaves_are_those_of_the_vectors(page: Page) -> None:
    body = """return given.map((one) => {
        const told = leaf.decodeLeaf(bytes(one.hex), 0);
        if (told.type) return { hex: one.hex, record: told.type };
        return { hex: one.hex, ...told, subject: hex(told.subject) };
      });"""
    assert run(page, body, VECTORS["leaves"]) == VECTORS["leaves"]
    refused = """return given.map((text) => {
        try { leaf.decodeLeaf(bytes(text), 0); return "taken"; } catch (error) { return error instanceof note.Broken; }
      });"""
    assert run(page, refused, VECTORS["not_leaves"]) == [True] * len(VECTORS["not_leaves"])


def test_numbers_are_those_of_the_vectors(page: Page) -> None:
    body = """const recount = new Recount(given.item, Date.parse(given.now));
      given.leaves.forEach((one, index) => recount.take(index, bytes(one.hex)));
      const numbers = given.numbers.map(({ size }) => {
        const counted = recount.counted(size);
        return { size, counted, numbers: recount.numbers(counted) };
      });
      const wrong = recount.judge().map((words) => Number(/Leaf (\\d+)/.exec(words)[1]));
      return { numbers, wrong: wrong.toSorted((a, b) => a - b) };"""
    told = run(page, body, VECTORS)
    assert told == {"numbers": VECTORS["numbers"], "wrong": VECTORS["wrong_leaves"]}


def test_paths_and_bundles_are_ours(page: Page) -> None:
    places = [(0, 256), (7, 3), (999, 256), (1_000, 255), (1_234_067, 256)]
    told = run(page, "return given.map(([index, width]) => bundlePath(index, width));", places)
    assert told == [bundle_path(index, width) for index, width in places]
    body = """return given.map(([text, width]) => {
        try { return leaf.decodeBundle(bytes(text), width, "x").map(hex); } catch (error) { return error.message; }
      });"""
    bundles = [("0001aa0000", 2), ("0001aa", 2), ("0002aa", 1), ("0001aabb", 1), ("00", 1)]
    assert run(page, body, bundles) == [
        ["aa", ""],
        "x ends too soon.",
        "x ends too soon.",
        "x goes on after its last entry.",
        "x ends too soon.",
    ]


def test_signatures_are_verified_and_a_changed_one_is_not_good(page: Page, site: Site) -> None:
    site.platform.log.step()
    key = site.platform.settings.log_key()
    signed = (site.platform.settings.log_folder / "checkpoint").read_bytes()
    witness = SigningKey.generate("witness.example", Algorithm.ED25519_COSIGNATURE)
    other = SigningKey.generate("other.example", Algorithm.MLDSA44_COSIGNATURE)
    head = open_checkpoint(signed, key.verifying)
    lines = [cosign(head, one, 1_700_000_000) for one in (witness, other)]
    both = parse_note(sign(head, key)).with_signatures(lines).format().decode()
    body = """const [checkpoint, vkey] = [note.parseCheckpoint(given.text), note.parseVkey(given.vkey)];
      const signed = await note.isSigned(checkpoint, vkey);
      const others = await note.cosigners(checkpoint, vkey, given.known.map(note.parseVkey));
      return [signed, others.map(({ name, good }) => [name, good])];"""

    def judged(text: str) -> Any:
        return run(page, body, {"text": text, "vkey": key.vkey(), "known": [witness.vkey()]})

    assert judged(both) == [True, [["witness.example", True], ["other.example", None]]]
    smaller = both.replace(f"\n{head.size}\n", f"\n{head.size + 1}\n", 1)
    assert judged(smaller) == [False, [["witness.example", False], ["other.example", None]]]


def test_a_key_that_is_none_is_refused(page: Page, site: Site) -> None:
    vkey = site.platform.settings.log_key().vkey()
    name, key_id, encoded = vkey.split("+", 2)
    body = """return given.map((text) => {
        try { note.parseVkey(text); return "taken"; } catch (error) { return error instanceof note.Broken; }
      });"""
    wrong = ["", "a", f"{name}+00000000+{encoded}", f"other+{key_id}+{encoded}", f"{name}+{key_id}+?"]
    assert run(page, body, [vkey, *wrong]) == ["taken"] + [True] * len(wrong)


# The sheet


@pytest.fixture
def clip(site: Site) -> Iterator[str]:
    """The address of a clip with a past, whose numbers are true again afterwards."""
    item = site.clips[CLIP]
    now = site.platform.clock.now()
    events = [
        Event(uuid4(), kind, ViewerId(900 + viewer), item, CreatorId(1), RequestId(1), now, watch_ms=watched)
        for viewer in range(7)
        for kind, watched in ((EventType.VIEW, 0), (EventType.LIKE, 0), (EventType.WATCH, 700 + viewer))
    ]
    unlike = Event(uuid4(), EventType.UNLIKE, ViewerId(900), item, CreatorId(1), RequestId(1), now)
    site.platform.events.accept([*events, unlike])
    site.platform.log.step()
    before = _counts(site)
    yield f"/item/{site.public_id(CLIP)}"
    _execute(site, "UPDATE item_counts SET likes = :likes WHERE item_id = :item", likes=before, item=item)


def _counts(site: Site) -> int:
    return site.platform.events.counts([site.clips[CLIP]])[site.clips[CLIP]].likes


def _execute(site: Site, statement: str, **values: Any) -> None:
    with site.platform.database.begin() as connection:
        connection.execute(text(statement), values)


def checked(visit: Visit, address: str, number: str = "likes") -> Locator:
    """The sheet once it has come to an end."""
    page = visit.open(address)
    page.locator(f'[data-check="{number}"]').click()
    sheet = page.locator("#check")
    expect(sheet.locator(".verdict")).to_be_visible()
    return sheet


def test_a_true_number_is_found_true(visit: Visit, clip: str) -> None:
    sheet = checked(visit, clip)
    likes = _counts(visit.site)
    assert likes >= 6
    expect(sheet.locator(".verdict.good")).to_have_text(f"Likes: {likes} shown, {likes} counted.")
    expect(sheet.locator("tbody tr")).to_have_count(10)
    expect(sheet.locator(".counted td.good")).to_have_count(10)
    key = visit.site.platform.settings.log_key().verifying
    root = open_checkpoint((visit.site.platform.settings.log_folder / "checkpoint").read_bytes(), key).root.hex()
    expect(sheet.locator("code")).to_have_text(root)
    expect(sheet).to_contain_text(f"Signed by {key.name}")
    expect(sheet).to_contain_text("No witness cosigned it")


def test_each_number_says_where_it_holds(visit: Visit, clip: str) -> None:
    page = visit.open(clip)
    size = visit.site.platform.events.counts([visit.site.clips[CLIP]])[visit.site.clips[CLIP]].log_size
    expect(page.locator(".held-at")).to_contain_text(f"the first {size:,} leaves")
    assert page.locator("[data-check]").count() == 3
    page.locator(".held-at a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The public log")


def test_an_inflated_number_is_found_false(visit: Visit, clip: str) -> None:
    true = _counts(visit.site)
    _execute(visit.site, "UPDATE item_counts SET likes = likes + 40 WHERE item_id = :item", item=visit.site.clips[CLIP])
    sheet = checked(visit, clip)
    expect(sheet.locator(".verdict.bad")).to_have_text(f"Likes: {true + 40} shown, but {true} counted.")
    expect(sheet.locator(".counted td.bad")).to_have_count(1)
    expect(sheet.locator("tr.asked")).to_contain_text("Likes")


def test_it_can_be_opened_again_for_another_number(visit: Visit, clip: str) -> None:
    sheet = checked(visit, clip)
    visit.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    visit.page.locator('[data-check="views"]').click()
    expect(sheet.locator(".verdict.good")).to_contain_text("Views: ")


def served(visit: Visit, path: str, change: Callable[[bytes], bytes | None]) -> None:
    """Let a file of the log come to this visitor otherwise, or not at all."""

    def answer(route: Route) -> None:
        body = change((visit.site.platform.settings.log_folder / path).read_bytes())
        if body is None:
            route.fulfill(status=404, body="")
        else:
            route.fulfill(body=body)

    visit.page.route(f"**/log/{path}", answer)


def newest_bundle(site: Site) -> str:
    size = int((site.platform.settings.log_folder / "checkpoint").read_text().split("\n")[1])
    return bundle_path(size // 256, size % 256)


def test_a_rewritten_entry_is_found(visit: Visit, clip: str) -> None:
    served(visit, newest_bundle(visit.site), lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    sheet = checked(visit, clip)
    expect(sheet.locator(".verdict.bad")).to_contain_text("do not give the root that the log signed")


def test_another_key_is_found(visit: Visit, clip: str) -> None:
    name = visit.site.platform.settings.log_key().name
    served(visit, "vkey", lambda data: SigningKey.generate(name).vkey().encode())
    sheet = checked(visit, clip)
    expect(sheet.locator(".verdict.bad")).to_contain_text("is not signed by the log's key")


def test_a_missing_bundle_is_named(visit: Visit, clip: str) -> None:
    visit.expected.append("404")
    served(visit, newest_bundle(visit.site), lambda data: None)
    sheet = checked(visit, clip)
    expect(sheet.locator(".verdict.bad")).to_contain_text("/log/tile/entries/")
    expect(sheet.locator(".verdict.bad")).to_contain_text("404")


def test_a_browser_without_ed25519_says_so(make_visit: MakeVisit, clip: str) -> None:
    visit = make_visit()
    visit.context.add_init_script("SubtleCrypto.prototype.importKey = () => Promise.reject(new Error('no Ed25519'));")
    sheet = checked(visit, clip)
    expect(sheet.locator(".verdict.good")).to_be_visible()
    expect(sheet).to_contain_text("this browser cannot verify Ed25519 here")


def test_a_large_log_is_asked_for_first_and_can_be_stopped(visit: Visit, clip: str) -> None:
    lines = (visit.site.platform.settings.log_folder / "checkpoint").read_text().split("\n")
    lines[1] = "1000000"
    served(visit, "checkpoint", lambda data: "\n".join(lines).encode())
    page = visit.open(clip)
    page.evaluate("SubtleCrypto.prototype.verify = () => Promise.resolve(true)")  # so that it comes to the download
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit.page.route("**/log/tile/entries/*", lambda route: None)  # never answered
    page.locator('[data-check="likes"]').click()
    sheet = page.locator("#check")
    expect(sheet).to_contain_text("1,000,000 leaves, about 32.0 MB")
    assert not [url for url in asked if "/log/tile/" in url]
    sheet.get_by_role("button", name="Download and count").click()
    expect(sheet.locator("progress")).to_be_visible()
    sheet.get_by_role("button", name="Stop").click()
    expect(sheet).to_contain_text("Stopped")
    sheet.get_by_role("button", name="Try again").click()
    expect(sheet.locator("progress")).to_be_visible()
    page.keyboard.press("Escape")
    page.unroute_all(behavior="ignoreErrors")


# For everyone


@pytest.mark.parametrize("how", [{}, {"viewport": PHONE, "has_touch": True}], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_the_sheet_nor_on_the_page_of_the_log(
    make_visit: MakeVisit, clip: str, how: dict[str, Any]
) -> None:
    visit = make_visit(reduced_motion="reduce", **how)
    _execute(visit.site, "UPDATE item_counts SET likes = likes + 1 WHERE item_id = :item", item=visit.site.clips[CLIP])
    checked(visit, clip)
    found = {"sheet": violations(visit.page)}
    visit.open("/log")
    found["log"] = violations(visit.page)
    assert found == {"sheet": [], "log": []}


def test_the_page_of_the_log_says_what_anybody_needs(visit: Visit, clip: str) -> None:
    with visit.site.platform.database.begin() as connection:
        log_store.enqueue(
            connection, [encode_record("refused", {"since": "", "until": "", "by_reason": {"bad_time": 3}})]
        )
    visit.site.platform.log.step()
    page = visit.open("/log")
    folder = visit.site.platform.settings.log_folder
    expect(page.locator("main")).to_contain_text((folder / "vkey").read_text().strip())
    expect(page.locator("pre").last).to_contain_text((folder / "checkpoint").read_text().split("\n")[2])
    expect(page.locator("main")).to_contain_text(f"openforyou verify {visit.site.origin}")
    expect(page.locator("main")).to_contain_text("bad_time 3")
    address = page.get_by_role("link", name="/log/checkpoint").get_attribute("href")
    assert visit.context.request.get(f"{visit.site.origin}{address}").body() == (folder / "checkpoint").read_bytes()


def test_nothing_is_wider_than_a_small_phone_nor_too_small_to_press(make_visit: MakeVisit, clip: str) -> None:
    visit = make_visit(viewport={"width": 320, "height": 568}, has_touch=True)
    sheet = checked(visit, clip)
    width = sheet.locator(".body").evaluate("body => [body.scrollWidth, body.clientWidth]")
    assert width[0] == width[1]
    assert visit.page.evaluate(SMALL_TARGETS) == []
    page = visit.open("/log")
    assert (page.evaluate("document.documentElement.scrollWidth"), page.evaluate(SMALL_TARGETS)) == (320, [])
