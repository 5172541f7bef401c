"""What goes out is signed anew: valid, playable, with source and refusals, without where it was made."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import c2pa
import pytest
from PIL import Image

from openforyou.catalog.credentials.types import CredentialState
from openforyou.ingest.credentials import signing
from openforyou.ingest.credentials.errors import BadIdentity, NotSigned
from openforyou.ingest.credentials.identity import SELF_MADE_NAME, Identity, identity, self_made
from openforyou.ingest.credentials.keeping import Keeping, Placed
from openforyou.ingest.credentials.library import OFFLINE, context
from openforyou.ingest.credentials.reading import Reader
from openforyou.ingest.credentials.signing import Signer
from tests.ingest.credentials.signers import Authority, TestSigner, flipped, mining
from tests.ingest.films import Film, boxes, pixels_of

FILM = Film(size=(96, 160), seconds=0.6)
WHERE = {
    "label": "cawg.metadata",
    "data": {"@context": {"exif": "http://ns.adobe.com/exif/1.0/"}, "exif:GPSLatitude": "39,21.102N"},
}


@pytest.fixture(scope="module")
def keeping(reader: Reader, authority: Authority) -> Keeping:
    """Signs with a certificate that the trust list knows."""
    own = authority.signer("This Platform")
    return Keeping(reader, Signer(identity(own.chain.encode(), own.key.encode())))


@pytest.fixture
def rendition(tmp_path: Path) -> Path:
    """As `renditions` writes them: the index first."""
    import av

    path, made = tmp_path / "rendition.mp4", FILM.make(tmp_path / "made.mp4")
    with av.open(str(made)) as source, av.open(str(path), "w", options={"movflags": "+faststart"}) as target:
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream]
                target.mux(packet)
    return path


def report(path: Path) -> dict[str, object]:
    """All that the library tells of a file."""
    with path.open("rb") as file, c2pa.Reader("video/mp4", file, context=context()) as told:
        found: dict[str, object] = json.loads(told.json())
    return found


def test_a_rendition_is_valid_plays_and_carries_its_source(
    keeping: Keeping, reader: Reader, known: TestSigner, clip_file: Path, rendition: Path, tmp_path: Path
) -> None:
    terms = {"use": "constrained", "constraint_info": "Ask me"}
    refusal = mining(ai_training="notAllowed", data_mining=terms, ai_inference="allowed")
    source = known.sign(clip_file, tmp_path / "source.mp4", refusal, source_type="trainedAlgorithmicMedia")
    before, pixels = rendition.stat().st_size, pixels_of(rendition)
    found = keeping.keep(source, [rendition], "A title")
    assert (found.state, found.kept, found.signer) == (CredentialState.TRUSTED, True, "Ada's Camera")
    out = reader.read(rendition)
    assert (out.state, out.signer, out.title, out.ai_made) == (
        CredentialState.TRUSTED,
        "This Platform",
        "A title",
        True,
    )
    assert out.generator.startswith("OpenForYou ")
    assert [one.name for one in out.actions] == ["c2pa.opened", "c2pa.transcoded"]
    (parent,) = out.ingredients
    assert (parent.relation, parent.manifest, parent.title) == ("parentOf", found.manifest, "A title")
    own = next(one for one in out.mining if one.manifest == out.manifest)
    assert own.uses == {"ai_training": "notAllowed", "data_mining": "constrained", "ai_inference": "allowed"}
    assert own.terms == {"data_mining": "Ask me"}
    kinds = boxes(rendition)
    assert kinds.index("moov") < kinds.index("mdat")
    assert (pixels_of(rendition) == pixels).all()
    assert rendition.stat().st_size - before < 20_000
    assert os.listdir(rendition.parent).count(rendition.name) == 1
    assert reader.read(flipped(rendition, tmp_path / "changed.mp4", clip_file)).state is CredentialState.BROKEN


def test_a_broken_source_is_passed_on_as_broken(
    keeping: Keeping, reader: Reader, known: TestSigner, clip_file: Path, rendition: Path, tmp_path: Path
) -> None:
    signed = known.sign(clip_file, tmp_path / "source.mp4")
    found = keeping.keep(flipped(signed, tmp_path / "changed.mp4", clip_file), [rendition], "A title")
    assert found.state is CredentialState.BROKEN
    assert reader.read(rendition).state is CredentialState.TRUSTED
    active = report(rendition)
    told = json.dumps(active["manifests"])
    assert "assertion.bmffHash.mismatch" in told


def test_a_source_without_any_or_with_an_unreadable_one_is_named(
    keeping: Keeping, reader: Reader, known: TestSigner, clip_file: Path, rendition: Path, tmp_path: Path
) -> None:
    cut = known.sign(clip_file, tmp_path / "cut.mp4", mining(ai_training="notAllowed")).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(cut[: cut.index(b"notAllowed") + 20])
    plain, film = rendition.read_bytes(), Film(size=(96, 160), seconds=0.4, codec="libvpx", sound=None, options={})
    sources = {clip_file: CredentialState.NONE, tmp_path / "cut.mp4": CredentialState.UNREADABLE}
    sources[film.make(tmp_path / "clip.webm")] = CredentialState.NONE
    for source, expected in sources.items():
        rendition.write_bytes(plain)
        found = keeping.keep(source, [rendition], "A title")
        assert (found.state, found.kept) == (expected, True)
        out = reader.read(rendition)
        assert out.state is CredentialState.TRUSTED
        assert [(one.relation, one.manifest) for one in out.ingredients] == [("parentOf", "")]
        assert bool(out.refusals) == (expected is CredentialState.UNREADABLE)


def test_where_it_was_made_and_earlier_pictures_stay_out_of_the_public_file(
    keeping: Keeping, reader: Reader, known: TestSigner, photo_file: Path, rendition: Path, tmp_path: Path
) -> None:
    with_thumbnails = c2pa.Context.from_dict({**OFFLINE, "builder": {"thumbnail": {"enabled": True}}})
    credit = {"@context": {"dc": "http://purl.org/dc/elements/1.1/"}, "dc:creator": ["Ada Lovelace"]}
    first = known.sign(photo_file, tmp_path / "first.jpg", WHERE, context=with_thumbnails)
    second = known.sign(
        photo_file, tmp_path / "second.jpg", {"label": "cawg.metadata", "data": credit}, parents=[first]
    )
    assert b"GPSLatitude" in second.read_bytes()
    keeping.keep(second, [rendition], "A title")
    out = reader.read(rendition)
    assert out.state is CredentialState.TRUSTED
    assert [one.name for one in out.actions].count("c2pa.redacted") == 2
    content = rendition.read_bytes()
    assert b"GPSLatitude" not in content
    assert b"c2pa.thumbnail.claim" in content, "named, so that it is known that something was left out"
    assert b"JFIF" not in content
    assert b"Ada Lovelace" in content, "who made it is said on"


def test_manifests_too_large_are_left_out_and_the_source_is_named(
    keeping: Keeping, reader: Reader, known: TestSigner, clip_file: Path, rendition: Path, tmp_path: Path
) -> None:
    much = {"label": "org.example.notes", "data": {"notes": os.urandom(signing.MANIFEST_BYTES_MAX // 2).hex()}}
    before = rendition.stat().st_size
    source = known.sign(clip_file, tmp_path / "source.mp4", much, mining(ai_training="notAllowed"))
    assert keeping.keep(source, [rendition], "A title").kept
    out = reader.read(rendition)
    assert [one.manifest for one in out.ingredients] == [""]
    assert len(out.refusals) == 1
    assert rendition.stat().st_size - before < 20_000


def test_what_the_studio_makes_is_a_composite_by_its_creator(
    keeping: Keeping,
    reader: Reader,
    known: TestSigner,
    photo_file: Path,
    clip_file: Path,
    rendition: Path,
    tmp_path: Path,
) -> None:
    photo = known.sign(photo_file, tmp_path / "photo.jpg", WHERE, mining(ai_training="notAllowed"))
    keeping.sign_made(rendition, "My summer", [Placed(photo, "A beach"), Placed(clip_file, "Waves")], "Ada")
    out = reader.read(rendition)
    assert (out.state, out.title, out.ai_made) == (CredentialState.TRUSTED, "My summer", False)
    assert (out.actions[0].name, out.actions[0].source_type) == ("c2pa.created", "composite")
    assert [one.name for one in out.actions].count("c2pa.placed") == 2
    assert {(one.title, one.relation, bool(one.manifest)) for one in out.ingredients} == {
        ("A beach", "componentOf", True),
        ("Waves", "componentOf", False),
    }
    assert out.refusals
    assert b"GPSLatitude" not in rendition.read_bytes()
    assert b'"Ada"' in json.dumps(report(rendition)).encode()
    keeping.sign_made(rendition, "My summer", [Placed(photo, "A beach"), Placed(photo, "Again")], "Ada")
    twice = reader.read(rendition)
    assert (twice.state, [bool(one.manifest) for one in twice.ingredients]) == (CredentialState.TRUSTED, [True, True])
    assert b"GPSLatitude" not in rendition.read_bytes()
    made = known.sign(photo_file, tmp_path / "made.jpg", source_type="trainedAlgorithmicMedia")
    keeping.sign_made(rendition, "Dreams", [Placed(made, "A dream")], "Ada")
    again = reader.read(rendition)
    assert again.actions[0].source_type == "compositeWithTrainedAlgorithmicMedia"
    assert again.ai_made


def test_pictures_are_signed_as_well(keeping: Keeping, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "poster.jpg"
    Image.effect_noise((96, 64), 60).convert("RGB").save(path)
    keeping.sign_made(path, "A poster", [], "Ada")
    assert reader.read(path).state is CredentialState.TRUSTED


def test_a_self_made_identity_is_valid_and_on_nobodys_list(reader: Reader, clip_file: Path, rendition: Path) -> None:
    pem = self_made(datetime.now(UTC))
    assert Keeping(reader, Signer(identity(pem, pem))).keep(clip_file, [rendition], "A title").kept
    out = reader.read(rendition)
    assert (out.state, out.problems) == (CredentialState.UNTRUSTED, ("signingCredential.untrusted",))
    assert (out.signer, out.organization) == (SELF_MADE_NAME, "On nobody's trust list")


def test_a_certificate_that_has_run_out_leaves_the_file_as_it_is(
    reader: Reader, authority: Authority, clip_file: Path, rendition: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = authority.signer("Long ago", days=-1)
    expired = Signer(Identity(old.chain, old.key, "es256"))
    before = rendition.read_bytes()
    with caplog.at_level(logging.ERROR):
        found = Keeping(reader, expired).keep(clip_file, [rendition], "A title")
    assert not found.kept
    assert "published without Content Credentials" in caplog.text
    assert rendition.read_bytes() == before
    assert sorted(path.name for path in rendition.parent.iterdir()) == ["made.mp4", "rendition.mp4"]
    with pytest.raises(NotSigned, match=r"rendition\.mp4"):
        expired.sign(rendition, {"assertions": []})


def test_a_key_of_somebody_else_is_refused(authority: Authority) -> None:
    one, other = authority.signer("One"), authority.signer("Other")
    with pytest.raises(BadIdentity, match="not the first certificate's"):
        identity(one.chain.encode(), other.key.encode())
    with pytest.raises(BadIdentity, match="OPENFORYOU_C2PA_CERT"):
        identity(b"nothing", one.key.encode())
    with pytest.raises(BadIdentity):
        identity(one.chain.encode(), b"nothing")
