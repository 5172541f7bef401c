"""From the library's report to what we say: pure, and wary of every text, for whoever made the file wrote them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from openforyou.catalog.credentials.types import ALLOWED, Action, Credentials, CredentialState, Ingredient, Mining

TEXT_MAX, EVIDENCE_MAX = 200, 4_000
ROWS_MAX = 64
"""Of actions, ingredients, assertions and problems, so many are kept."""
AI_MADE = frozenset({"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"})
"""IPTC digital source types that say that a trained model made it, or a part of it."""
MINING_LABEL = re.compile(r"(?:cawg|c2pa)\.training-mining(?:__\d+)?")
"""CAWG Training and Data Mining 1.1, and as C2PA 1.x named it; with a number where there are several."""
OF_THE_SIGNER = ("signingCredential.", "claimSignature.outsideValidity", "timeStamp.", "timestamp.")
"""Codes that question the signer's certificate and leave it true that nothing changed since."""


def credentials(report: Mapping[str, Any], certificates: Mapping[str, Any]) -> Credentials:
    """Of the library's report (`Reader.json`), and of its certificates by the label of the manifest."""
    manifests = {str(label): one for label, one in _mapping(report.get("manifests")).items() if isinstance(one, dict)}
    label = str(report.get("active_manifest") or "")
    active = manifests.get(label, {})
    signed, certificate = _mapping(active.get("signature_info")), _mapping(certificates.get(label))
    actions = tuple(_action(one) for one in _actions(active))
    problems = _problems(report)
    return Credentials(
        state=state(str(report.get("validation_state")), problems),
        signer=text(signed.get("common_name")),
        organization=text(signed.get("issuer")),
        issuer=_name(_mapping(certificate.get("issuer"))),
        generator=_generator(active),
        title=text(active.get("title")),
        signed_at=text(signed.get("time")) or next((one.when for one in reversed(actions) if one.when), ""),
        ai_made=any(_source_type(one) in AI_MADE for each in manifests.values() for one in _sourced(each)),
        manifest=text(label),
        actions=actions,
        ingredients=tuple(_ingredient(one) for one in _rows(active.get("ingredients"))),
        mining=tuple(one for name, each in manifests.items() for one in _mining(name, each))[:ROWS_MAX],
        problems=problems,
    )


def state(verdict: str, problems: tuple[str, ...]) -> CredentialState:
    """The library's verdict, but that a certificate that is not good leaves the content unchanged, and so unbroken."""
    if verdict == "Trusted":
        return CredentialState.TRUSTED
    if verdict == "Valid" or (problems and all(code.startswith(OF_THE_SIGNER) for code in problems)):
        return CredentialState.UNTRUSTED
    return CredentialState.BROKEN


def text(value: object, length_max: int = TEXT_MAX) -> str:
    """`value` as one line without control or direction characters, cut to a length; empty when it is no text."""
    if not isinstance(value, str):
        return ""
    whole = unicodedata.normalize("NFC", " ".join(value[: 4 * length_max].split()))
    plain = "".join(letter for letter in whole if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    return plain if len(plain) <= length_max else plain[: length_max - 1] + "…"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    return rows[:ROWS_MAX]


def _problems(report: Mapping[str, Any]) -> tuple[str, ...]:
    codes = [text(one.get("code")) for one in _rows(report.get("validation_status"))]
    return tuple(dict.fromkeys(code for code in codes if code))


def _name(parts: Mapping[str, Any]) -> str:
    return text(parts.get("CN")) or text(parts.get("O"))


def _generator(manifest: Mapping[str, Any]) -> str:
    """Name and version, as `Camera 1.2`; older manifests have one string."""
    for one in _rows(manifest.get("claim_generator_info")):
        return text(f"{text(one.get('name'))} {text(one.get('version'))}")
    return text(manifest.get("claim_generator"))


def _assertions(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    found = manifest.get("assertions")
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict):
            yield str(one.get("label")), one.get("data")


def _actions(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [
        action
        for label, data in _assertions(manifest)
        if label.startswith("c2pa.actions")
        for action in _rows(_mapping(data).get("actions"))
    ]
    return found[:ROWS_MAX]


def _action(told: Mapping[str, Any]) -> Action:
    agent = told.get("softwareAgent")
    software = text(agent) or text(_mapping(agent).get("name"))
    return Action(text(told.get("action")), text(told.get("when")), _source_type(told), software)


def _sourced(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All of a manifest that can have a digital source type."""
    yield from _actions(manifest)
    yield from _rows(manifest.get("ingredients"))


def _source_type(told: Mapping[str, Any]) -> str:
    value = told.get("digitalSourceType") or told.get("digital_source_type")
    return text(value).rstrip("/").rpartition("/")[2]


def _ingredient(told: Mapping[str, Any]) -> Ingredient:
    return Ingredient(
        title=text(told.get("title")),
        relation=text(told.get("relationship")),
        format=text(told.get("format")),
        manifest=text(told.get("active_manifest")),
    )


def _mining(manifest: str, told: Mapping[str, Any]) -> Iterator[Mining]:
    for label, data in _assertions(told):
        if MINING_LABEL.fullmatch(label):
            said = text(json.dumps(data, ensure_ascii=False, sort_keys=True), EVIDENCE_MAX)
            yield Mining(text(manifest), label, _uses(data), said, _terms(data))


def _entries(data: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Of an assertion, by purpose without its prefix; one that is told under both prefixes comes twice."""
    for key, entry in list(_mapping(_mapping(data).get("entries")).items())[:ROWS_MAX]:
        yield text(str(key)).removeprefix("cawg.").removeprefix("c2pa."), _mapping(entry)


def _uses(data: object) -> dict[str, str]:
    """What is told twice is refused if either refuses it."""
    uses: dict[str, str] = {}
    for purpose, entry in _entries(data):
        if uses.get(purpose, ALLOWED) == ALLOWED:
            uses[purpose] = text(entry.get("use")) or "not understood"
    return uses


def _terms(data: object) -> dict[str, str]:
    """The specification's text calls them `constraints_info`, its schema `constraint_info`."""
    told = {purpose: entry.get("constraint_info") or entry.get("constraints_info") for purpose, entry in _entries(data)}
    return {purpose: terms for purpose, value in told.items() if (terms := text(value, EVIDENCE_MAX))}
