"""From a signed file to a published item: what it says is kept, and what it refuses holds whatever was ticked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from sqlalchemy import text

from openforyou.app.credentials import keeping
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.credentials.store import refuse_learning
from openforyou.catalog.credentials.types import CredentialState, OptOut
from openforyou.catalog.errors import ItemNotFound, LearningRefused
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import ITEM_SUBJECT, Act, Party
from openforyou.catalog.types import ITEM_RIGHTS, Creator, Item, ItemStatus, Right
from openforyou.core.clock import SystemClock
from openforyou.core.errors import BadInput
from openforyou.core.ids import ItemId, new_id
from openforyou.ingest.credentials.identity import SELF_MADE_NAME, identity, self_made
from openforyou.ingest.credentials.keeping import Keeping
from openforyou.ingest.credentials.reading import Reader
from openforyou.ingest.credentials.signing import Signer
from tests.ingest.credentials.signers import Authority, TestSigner, flipped, mining, stream_copy

Publish = Callable[..., Item]
ALL = frozenset(ITEM_RIGHTS)


@pytest.fixture
def trusting(platform: Platform, authority: Authority, tmp_path: Path) -> Platform:
    """The platform, with `authority` on its trust list."""
    (tmp_path / "trust.pem").write_text(authority.pem)
    settings = platform.settings.model_copy(update={"c2pa_trust": str(tmp_path / "trust.pem")})
    platform.ingest.credentials = keeping(settings, platform.clock)
    return platform


@pytest.fixture
def creator(platform: Platform) -> Creator:
    return platform.catalog.add_creator("ada", "Ada")


@pytest.fixture
def publish(trusting: Platform, creator: Creator) -> Publish:
    """Takes a file in with every right ticked, and answers the item."""

    def one(path: Path) -> Item:
        item_id = trusting.ingest.take_in(path, creator.id, title="A title", rights=ALL, evidence="ticked")
        done = trusting.ingest.process_next(item_id)
        assert done is not None
        assert done.status is ItemStatus.PUBLISHED, done.error
        return trusting.catalog.item(item_id)

    return one


def learns_from(platform: Platform, item_id: ItemId) -> bool:
    with platform.database.connect() as connection:
        return item_id in rights_store.subjects_with(connection, ITEM_SUBJECT, Right.LEARN, platform.clock.now())


def test_a_signed_clip_is_published_with_what_it_says_and_signed_anew(
    publish: Publish, trusting: Platform, known: TestSigner, clip_file: Path, tmp_path: Path
) -> None:
    item = publish(known.sign(clip_file, tmp_path / "signed.mp4", source_type="trainedAlgorithmicMedia"))
    assert (item.credentials, item.signed_by, item.ai_made) == (CredentialState.TRUSTED, "Ada's Camera", True)
    read = trusting.catalog.credentials(item.id)
    assert read is not None
    found, at = read
    assert (found.kept, found.signer, found.title, at) == (True, "Ada's Camera", "IMG_0001", trusting.clock.now())
    assert trusting.catalog.item_rights(item.id) == ALL
    for rendition in item.renditions:
        path = trusting.blobs.local_path(rendition.key)
        assert path is not None
        assert rendition.size_bytes == path.stat().st_size
        out = Reader().read(path)
        assert (out.state, out.signer) == (CredentialState.UNTRUSTED, SELF_MADE_NAME)
        assert [one.manifest for one in out.ingredients] == [found.manifest]
        assert "IMG_0001" not in out.title


@pytest.mark.parametrize(
    "refusal",
    [
        mining(ai_training="notAllowed"),
        mining("c2pa.training-mining", ai_training="notAllowed"),
        mining(data_mining={"use": "constrained", "constraints_info": "Ask me"}),
    ],
    ids=["new", "old", "constrained"],
)
def test_no_right_to_learn_from_what_refuses_it_whatever_was_ticked(
    publish: Publish,
    trusting: Platform,
    creator: Creator,
    known: TestSigner,
    clip_file: Path,
    tmp_path: Path,
    refusal: Any,
) -> None:
    item = publish(known.sign(clip_file, tmp_path / "signed.mp4", refusal))
    assert trusting.catalog.item_rights(item.id) == {Right.SHOW, Right.RECOMMEND}
    assert not learns_from(trusting, item.id)
    ((kind, source, label, said, state, at),) = (
        (one.kind, one.source, one.label, one.said, one.state, one.at)
        for one in trusting.catalog.opt_outs([item.id])[item.id]
    )
    assert (kind, label, state, at) == ("c2pa", refusal["label"], "trusted", trusting.clock.now())
    assert source.startswith("urn:c2pa:")
    assert next(iter(refusal["data"]["entries"])) in said
    with pytest.raises(LearningRefused, match="whoever said so"):
        trusting.catalog.set_item_rights(item.id, creator.id, ALL, "ticked again")
    assert not learns_from(trusting, item.id)
    trusting.catalog.set_item_rights(item.id, creator.id, {Right.SHOW}, "less")
    assert trusting.catalog.item_rights(item.id) == {Right.SHOW}


def test_the_tick_stays_on_record_and_held_at_no_moment(
    publish: Publish, trusting: Platform, known: TestSigner, clip_file: Path, tmp_path: Path
) -> None:
    item = publish(known.sign(clip_file, tmp_path / "signed.mp4", mining(ai_training="notAllowed")))
    said = [one for one in trusting.catalog.rights.history("item", [item.id]) if one.decision.right is Right.LEARN]
    assert [one.decision.act for one in said] == [Act.GRANT, Act.REFUSE]
    assert said[0].decision.evidence == "ticked"
    assert said[1].decision.by is Party.CREDENTIAL
    assert not learns_from(trusting, item.id)


def test_a_broken_manifest_refuses_as_well_and_publishes_all_the_same(
    publish: Publish, trusting: Platform, known: TestSigner, clip_file: Path, tmp_path: Path
) -> None:
    signed = known.sign(clip_file, tmp_path / "signed.mp4", mining(ai_training="notAllowed"))
    item = publish(flipped(signed, tmp_path / "changed.mp4", clip_file))
    assert item.credentials is CredentialState.BROKEN
    assert not learns_from(trusting, item.id)
    assert [one.state for one in trusting.catalog.opt_outs([item.id])[item.id]] == ["broken"]


def test_permission_needs_no_manifest_and_none_gives_what_was_not_ticked(
    publish: Publish, trusting: Platform, creator: Creator, known: TestSigner, clip_file: Path, tmp_path: Path
) -> None:
    signed = known.sign(clip_file, tmp_path / "signed.mp4", mining(ai_training="allowed", data_mining="allowed"))
    item_id = trusting.ingest.take_in(signed, creator.id, rights={Right.SHOW}, evidence="ticked")
    trusting.ingest.process_next(item_id)
    assert trusting.catalog.item_rights(item_id) == {Right.SHOW}
    copy = publish(stream_copy(signed, tmp_path / "copy.mp4"))
    assert (copy.credentials, copy.signed_by) == (CredentialState.NONE, "")
    assert learns_from(trusting, copy.id)
    assert trusting.catalog.opt_outs([copy.id, item_id]) == {}


def test_a_refusal_of_another_kind_can_be_kept_later(publish: Publish, trusting: Platform, clip_file: Path) -> None:
    item = publish(clip_file)
    assert learns_from(trusting, item.id)
    refusal = OptOut(
        "tdmrep", "https://example.org/.well-known/tdmrep.json", "tdm-reservation", "1", "read", trusting.clock.now()
    )
    with trusting.database.begin() as connection:
        refuse_learning(connection, item.id, [refusal])
    assert not learns_from(trusting, item.id)
    assert trusting.catalog.opt_outs([item.id]) == {item.id: [refusal]}


def test_an_item_from_before_credentials_were_read_has_none(
    trusting: Platform, publish: Publish, clip_file: Path
) -> None:
    item = publish(clip_file)
    with trusting.database.begin() as connection:
        connection.execute(text("DELETE FROM credentials"))
    assert trusting.catalog.credentials(item.id) is None
    with pytest.raises(ItemNotFound):
        trusting.catalog.credentials(ItemId(new_id()))


def test_settings_that_cannot_be_used_are_refused_at_start(tmp_path: Path, authority: Authority) -> None:
    signer = authority.signer("An Operator")
    cert, key, trust = (tmp_path / name for name in ("cert.pem", "key.pem", "trust.pem"))
    cert.write_text(signer.chain)
    key.write_text(signer.key)
    trust.write_text("no certificate")
    wrong = [
        {"c2pa_cert": str(cert)},
        {"c2pa_key": str(key)},
        {"c2pa_cert": str(key), "c2pa_key": str(cert)},
        {"c2pa_trust": str(trust)},
        {"c2pa_trust": str(tmp_path / "absent.pem")},
    ]
    for given in wrong:
        settings = Settings(data=tmp_path).model_copy(update=given)
        with pytest.raises(BadInput, match="OPENFORYOU_C2PA_"):
            keeping(settings, SystemClock())
    keeping(Settings(data=tmp_path).model_copy(update={"c2pa_cert": str(cert), "c2pa_key": str(key)}), SystemClock())


def test_the_self_made_key_is_made_once_and_for_its_owner_alone(
    platform: Platform, publish: Publish, clip_file: Path, tmp_path: Path
) -> None:
    path = platform.settings.data / "c2pa.pem"
    first = path.read_bytes()
    item = publish(clip_file)
    assert path.stat().st_mode & 0o077 == 0
    again = copyfile(clip_file, tmp_path / "again.mp4")
    keeping(platform.settings, platform.clock).sign_made(again, "Again", [], "Ada")
    assert Reader().read(again).signer == SELF_MADE_NAME
    assert path.read_bytes() == first
    assert publish(again).credentials is CredentialState.TRUSTED, "its own signature is known"
    rendition = platform.blobs.local_path(item.renditions[0].key)
    assert rendition is not None
    assert platform.ingest.credentials.reader.read(rendition).state is CredentialState.TRUSTED
    others = identity(*2 * (self_made(SystemClock().now()),))
    stranger = Keeping(Reader(), Signer(others))
    stranger.sign_made(again, "Elsewhere", [], "Eve")
    assert platform.ingest.credentials.reader.read(again).state is CredentialState.UNTRUSTED
