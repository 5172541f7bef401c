"""The pages of what was learned, for whoever cannot see or point, on a small screen too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.web.pages.conftest import PHONE, Visit
from tests.web.pages.test_pages import audit

pytestmark = pytest.mark.browser


def test_they_say_that_nothing_was_learned_and_fit_a_phone(make_visit: Callable[..., Visit]) -> None:
    visit = make_visit(viewport=PHONE, reduced_motion="reduce")
    for address, words in (("/learned", "No model learned from anybody yet"), ("/training", "No model serves")):
        assert audit(visit, address) == [], address
        page = visit.open(address)
        expect(page.get_by_text(words)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
