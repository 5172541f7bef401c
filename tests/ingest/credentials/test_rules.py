"""What training and data mining assertions mean, old and new, well made and not; and what a verdict means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.catalog.credentials.types import Credentials, CredentialState
from openforyou.ingest.credentials.rules import ROWS_MAX, TEXT_MAX, credentials, state, text


def report(*assertions: dict[str, Any]) -> dict[str, Any]:
    """As the library tells it, of one manifest."""
    return {"active_manifest": "m", "manifests": {"m": {"assertions": list(assertions)}}, "validation_state": "Valid"}


def refuses(label: str, data: object) -> bool:
    return bool(credentials(report({"label": label, "data": data}), {}).refusals)


@pytest.mark.parametrize("label", ["cawg.training-mining", "c2pa.training-mining", "cawg.training-mining__2"])
@pytest.mark.parametrize("prefix", ["cawg", "c2pa"])
@pytest.mark.parametrize(
    ("entries", "is_refused"),
    [
        ({"ai_training": {"use": "notAllowed"}}, True),
        ({"ai_training": {"use": "constrained", "constraint_info": "Ask me"}}, True),
        ({"ai_training": {"use": "constrained", "constraints_info": "Ask me"}}, True),
        ({"data_mining": {"use": "notAllowed"}}, True),
        ({"ai_training": {"use": "allowed"}, "data_mining": {"use": "allowed"}}, False),
        ({"ai_training": {"use": "allowed"}, "data_mining": {"use": "constrained"}}, True),
        ({"ai_generative_training": {"use": "notAllowed"}}, False),
        ({"ai_inference": {"use": "notAllowed"}}, False),
        ({"ai_training": {"use": "perhaps"}}, True),
        ({"ai_training": {}}, True),
        ({"ai_training": "notAllowed"}, True),
    ],
)
def test_each_entry_is_understood_under_each_name(
    label: str, prefix: str, entries: dict[str, Any], is_refused: bool
) -> None:
    told = {f"{prefix}.{purpose}": entry for purpose, entry in entries.items()}
    assert refuses(label, {"entries": told}) == is_refused


@pytest.mark.parametrize("data", [None, "no", [], {}, {"entries": []}, {"entries": {}}, {"entries": None}, 7])
def test_an_assertion_that_says_nothing_that_is_understood_refuses(data: object) -> None:
    assert refuses("cawg.training-mining", data)


def test_the_strictest_of_both_names_holds_and_terms_are_kept() -> None:
    entries = {
        "c2pa.ai_training": {"use": "allowed"},
        "cawg.ai_training": {"use": "constrained", "constraints_info": "Only on Sundays"},
    }
    (found,) = credentials(report({"label": "cawg.training-mining", "data": {"entries": entries}}), {}).mining
    assert (found.uses, found.terms) == ({"ai_training": "constrained"}, {"ai_training": "Only on Sundays"})
    assert "Only on Sundays" in found.text


def test_other_labels_are_no_refusal() -> None:
    data = {"entries": {"cawg.ai_training": {"use": "notAllowed"}}}
    assert not refuses("com.example.training-mining", data)
    assert not refuses("cawg.training-mining-extra", data)


@pytest.mark.parametrize(
    ("verdict", "problems", "expected"),
    [
        ("Trusted", (), CredentialState.TRUSTED),
        ("Valid", ("signingCredential.untrusted",), CredentialState.UNTRUSTED),
        ("Invalid", ("signingCredential.untrusted", "signingCredential.expired"), CredentialState.UNTRUSTED),
        ("Invalid", ("claimSignature.outsideValidity",), CredentialState.UNTRUSTED),
        ("Invalid", ("signingCredential.untrusted", "assertion.dataHash.mismatch"), CredentialState.BROKEN),
        ("Invalid", ("claimSignature.mismatch",), CredentialState.BROKEN),
        ("Invalid", (), CredentialState.BROKEN),
        ("Unheard of", (), CredentialState.BROKEN),
    ],
)
def test_a_bad_certificate_is_not_a_changed_file(
    verdict: str, problems: tuple[str, ...], expected: CredentialState
) -> None:
    assert state(verdict, problems) is expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("assertions", "ingredients", "signature_info", "claim_generator_info", "title", "thumbnail")


@given(
    st.fixed_dictionaries(
        {
            "active_manifest": st.just("m") | anything,
            "manifests": st.fixed_dictionaries({"m": st.dictionaries(st.sampled_from(KEYS), anything)}) | anything,
            "validation_state": st.sampled_from(["Valid", "Trusted", "Invalid"]) | anything,
            "validation_status": anything,
        }
    ),
    anything,
)
def test_a_report_of_any_shape_is_told_and_kept(told: dict[str, Any], certificates: object) -> None:
    found = credentials(told, certificates if isinstance(certificates, dict) else {})
    assert Credentials.from_dict(found.as_dict()) == found


@given(st.text(max_size=600))
def test_a_text_is_one_printable_line(value: str) -> None:
    plain = text(value)
    assert len(plain) <= TEXT_MAX
    assert all(letter.isprintable() or letter == " " for letter in plain)


def test_lists_are_cut() -> None:
    actions = [{"action": f"c2pa.{number}"} for number in range(1_000)]
    found = credentials(report({"label": "c2pa.actions", "data": {"actions": actions}}), {})
    assert len(found.actions) == ROWS_MAX
