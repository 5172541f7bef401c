"""Where a clip comes from, on its own page, on the stage, and in its creator's list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from openforyou.app.credentials import keeping
from openforyou.catalog.types import ITEM_RIGHTS
from openforyou.core.ids import ItemId, encode_id
from tests.ingest.credentials.signers import Authority, TestSigner, flipped, mining
from tests.web.pages.clips import write_clip
from tests.web.pages.conftest import CURRENT, PHONE, Site, Visit
from tests.web.pages.test_pages import violations

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def signer(site: Site) -> Iterator[TestSigner]:
    """Whom the site trusts while these tests run."""
    authority, before = Authority("Known Authority"), site.platform.ingest.credentials
    (site.folder / "trust.pem").write_text(authority.pem)
    settings = site.platform.settings.model_copy(update={"c2pa_trust": str(site.folder / "trust.pem")})
    site.platform.ingest.credentials = keeping(settings, site.platform.clock)
    yield authority.signer("Ada's Camera")
    site.platform.ingest.credentials = before


@pytest.fixture
def publish(site: Site, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Takes a file in for a creator, and answers the item's address; it is gone after the test."""
    made: list[ItemId] = []
    catalog, ingest = site.platform.catalog, site.platform.ingest

    def one(path: Path, title: str, handle: str) -> str:
        creator = catalog.creator(handle)
        item_id = ingest.take_in(path, creator.id, title=title, rights=frozenset(ITEM_RIGHTS), evidence="for a test")
        ingest.process_next(item_id)
        made.append(item_id)
        return f"/item/{encode_id(item_id)}"

    yield one
    for item_id in made:
        item = catalog.items([item_id])[item_id]
        catalog.withdraw(item_id, item.creator_id)


def clip(folder: Path, number: int) -> Path:
    return write_clip(folder / f"{number}.mp4", "Checkers", 40 + number)


def test_a_page_says_who_signed_and_what_they_did(
    visit: Visit, signer: TestSigner, publish: Callable[..., str], tmp_path: Path
) -> None:
    how: dict[str, Any] = {"source_type": "trainedAlgorithmicMedia", "title": "<b>IMG_7</b>"}
    signed = signer.sign(clip(tmp_path, 1), tmp_path / "signed.mp4", mining(ai_training="notAllowed"), **how)
    page = visit.open(publish(signed, "From a model", "waves"))
    mark = page.get_by_role("region", name="Content Credentials")
    expect(mark).to_contain_text("Signed by Ada's Camera, unchanged since.")
    expect(mark).to_contain_text("AI-made, by its maker's word")
    expect(mark).to_contain_text("No model here learns from it.")
    expect(page.locator(f"{CURRENT} .ai-made")).to_be_visible()
    mark.get_by_text("All that it says").click()
    for words in (
        "Known Authority",
        "Test Camera 1.2",
        "Created: made by a trained model",
        "Training a model: not allowed",
    ):
        expect(mark).to_contain_text(words)
    expect(mark).to_contain_text("signed anew")
    assert violations(page) == []


def test_a_changed_clip_and_an_unknown_signer_are_told_apart(
    make_visit: Callable[..., Visit], signer: TestSigner, publish: Callable[..., str], tmp_path: Path
) -> None:
    visit, plain = make_visit(viewport=PHONE), clip(tmp_path, 2)
    changed = flipped(signer.sign(plain, tmp_path / "signed.mp4"), tmp_path / "changed.mp4", plain)
    stranger = Authority("Nobody Knows").signer("A Stranger").sign(plain, tmp_path / "stranger.mp4")
    page = visit.open(publish(changed, "Changed", "waves"))
    mark = page.get_by_role("region", name="Content Credentials")
    expect(mark).to_contain_text("Changed after it was signed, it says by Ada's Camera.")
    assert violations(page) == []
    page = visit.open(publish(stranger, "Unknown", "waves"))
    expect(mark).to_contain_text("Signed by A Stranger, unchanged since. That signer is not known here.")
    assert violations(page) == []


def test_a_clip_without_any_has_no_mark(visit: Visit) -> None:
    page = visit.open(f"/item/{visit.site.public_id('Waves 1')}")
    expect(page.get_by_role("region", name="Numbers")).to_be_visible()
    expect(page.get_by_role("region", name="Content Credentials")).to_have_count(0)
    expect(page.locator(f"{CURRENT} .ai-made")).to_be_hidden()


def test_a_creator_reads_why_the_right_to_learn_cannot_be_given(
    visit: Visit, signer: TestSigner, publish: Callable[..., str], tmp_path: Path
) -> None:
    visit.open("/about")
    visit.sign_up("refusing@example.org", "refusing")
    publish(signer.sign(clip(tmp_path, 4), tmp_path / "s.mp4", mining(ai_training="notAllowed")), "Mine", "refusing")
    page = visit.open("/uploads")
    row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Mine"))
    expect(row).to_contain_text("Content Credentials: Signed by Ada's Camera, unchanged since.")
    expect(row).to_contain_text("nothing may be trained on it")
    row.get_by_text("The words that say so").click()
    expect(row).to_contain_text('"cawg.ai_training": {"use": "notAllowed"}')
    row.get_by_text("What may be done with it").click()
    expect(row.get_by_role("checkbox", name="Show it")).to_be_checked()
    learn = row.get_by_role("checkbox", name="Learn from it")
    expect(learn).to_be_disabled()
    expect(learn).not_to_be_checked()
    row.get_by_role("checkbox", name="Recommend it").uncheck()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    assert violations(page) == []
