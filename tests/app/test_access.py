"""Access by staff on a whole platform: acts carried, records in the log, and the person told."""

from __future__ import annotations

import json

import pytest

from openforyou.accounts.types import Account
from openforyou.app.platform import Platform
from openforyou.privacy.access.errors import NotOpen, SameHand
from openforyou.privacy.access.types import Doing
from tests.privacy.access.staffing import Office


@pytest.fixture
def office(platform: Platform) -> Office:
    return Office(platform)


@pytest.fixture
def ada(platform: Platform) -> Account:
    return platform.accounts.sign_up("ada@example.org", "a long enough one")


def test_asked_granted_read_and_told(office: Office, platform: Platform, ada: Account) -> None:
    request = office.ask("sue", ada)
    with pytest.raises(NotOpen):
        office.do("sue", Doing.READ, request=request)
    with pytest.raises(SameHand):
        office.do("sue", Doing.GRANT, request=request)
    assert office.do("gil", Doing.GRANT, request=request)["standing"] == "granted"
    read = office.do("sue", Doing.READ, request=request)
    assert read["values"]["email"].replace("\u200b", "") != ""
    (look,) = platform.access.looks_at(platform.person(ada.viewer_id, ada))
    assert (look["purpose"], len(look["reads"])) == ("account_recovery", 1)
    leaves = office.leaves("access")
    assert [one["entry"] for one in leaves] == [look["entry"]]
    assert "ada" not in json.dumps(leaves)
