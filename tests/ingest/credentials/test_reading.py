"""What a file says of itself, and how far that holds: each state told from the others, and no request made for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import av
import c2pa
import pytest
from PIL import Image

from openforyou.catalog.credentials.types import Credentials, CredentialState
from openforyou.ingest.credentials.containers import C2PA_BOX, MANIFEST_BYTES_MAX, WHOLE_BYTES_MAX
from openforyou.ingest.credentials.errors import BadTrustList
from openforyou.ingest.credentials.reading import Reader
from tests.ingest.credentials.signers import CLAIM_SIGNING, Authority, TestSigner, flipped, mining, stream_copy
from tests.ingest.films import Film

Trusted, Untrusted, Broken = CredentialState.TRUSTED, CredentialState.UNTRUSTED, CredentialState.BROKEN
Unreadable, Stripped, Nothing = CredentialState.UNREADABLE, CredentialState.STRIPPED, CredentialState.NONE
REFUSAL = mining(ai_training="notAllowed")


@pytest.fixture(scope="module", params=["mp4", "mov", "avi", "jpg", "png", "webp", "wav", "mp3", "m4a"])
def unsigned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of each kind that people bring."""
    kind = request.param
    path = Path(tmp_path_factory.mktemp("unsigned") / f"made.{kind}")
    if kind in ("mp4", "mov", "avi"):
        return Film(size=(96, 160), seconds=0.4).make(path)
    if kind in ("jpg", "png", "webp"):
        Image.effect_noise((96, 64), 60).convert("RGB").save(path)
        return path
    film = Film(size=(96, 160), seconds=0.4).make(path.with_suffix(".mp4"))
    return sound_alone(film, path)


def sound_alone(film: Path, path: Path) -> Path:
    """The sound of a film, in a file of its own."""
    codec, container = {".wav": ("pcm_s16le", "wav"), ".mp3": ("libmp3lame", "mp3"), ".m4a": ("aac", "mp4")}[
        path.suffix
    ]
    with av.open(str(film)) as source, av.open(str(path), "w", format=container) as made:
        stream = made.add_stream(codec, rate=44_100)
        for frame in source.decode(audio=0):
            frame.pts = None
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return path


def test_each_kind_of_file_is_read_and_a_changed_byte_is_found(
    unsigned: Path, reader: Reader, known: TestSigner, tmp_path: Path
) -> None:
    assert reader.read(unsigned) == Credentials()
    signed = known.sign(unsigned, tmp_path / f"signed{unsigned.suffix}", REFUSAL)
    found = reader.read(signed)
    assert found.state is Trusted
    assert (found.signer, found.organization, found.issuer) == ("Ada's Camera", "Ada's Camera Inc.", "Known Authority")
    assert (found.generator, found.title, found.signed_at) == ("Test Camera 1.2", "IMG_0001", "2026-01-02T03:04:05Z")
    assert [(one.name, one.source_type) for one in found.actions] == [("c2pa.created", "digitalCapture")]
    assert (found.ai_made, found.problems) == (False, ())
    assert [(one.label, one.uses) for one in found.refusals] == [
        ("cawg.training-mining", {"ai_training": "notAllowed"})
    ]
    changed = reader.read(flipped(signed, tmp_path / f"changed{unsigned.suffix}", unsigned))
    assert changed.state is Broken
    assert any("ash.mismatch" in code for code in changed.problems)
    assert changed.refusals == found.refusals
    assert Credentials.from_dict(changed.as_dict()) == changed


def test_a_signer_off_the_list_is_not_known_and_without_a_list_nobody_is(
    clip_file: Path, reader: Reader, known: TestSigner, stranger: TestSigner, tmp_path: Path
) -> None:
    theirs, ours = (one.sign(clip_file, tmp_path / f"{one.name}.mp4") for one in (stranger, known))
    assert reader.read(theirs).state is Untrusted
    assert reader.read(theirs).signed_by == "A Stranger"
    assert (reader.read(ours).state, Reader().read(ours).state) == (Trusted, Untrusted)


def test_a_certificate_for_signing_claims_is_accepted(
    clip_file: Path, reader: Reader, authority: Authority, tmp_path: Path
) -> None:
    signed = authority.signer("A Product", purpose=CLAIM_SIGNING).sign(clip_file, tmp_path / "signed.mp4")
    assert reader.read(signed).state is Trusted


def test_a_text_in_a_manifest_that_was_rewritten_is_found_and_still_refuses(
    clip_file: Path, reader: Reader, known: TestSigner, tmp_path: Path
) -> None:
    signed = known.sign(clip_file, tmp_path / "signed.mp4", mining(ai_training="allowed", data_mining="notAllowed"))
    content = signed.read_bytes()
    assert content.count(b"notAllowed") == 1
    signed.write_bytes(content.replace(b"notAllowed", b"notAlloweD"))
    found = reader.read(signed)
    assert (found.state, "assertion.hashedURI.mismatch" in found.problems) == (Broken, True)
    assert [one.uses["data_mining"] for one in found.refusals] == ["notAlloweD"]


def test_a_stream_copy_has_none_and_a_reference_without_a_manifest_is_a_trace(
    clip_file: Path, photo_file: Path, reader: Reader, known: TestSigner, tmp_path: Path
) -> None:
    signed = known.sign(clip_file, tmp_path / "signed.mp4", REFUSAL)
    assert reader.read(stream_copy(signed, tmp_path / "copy.mp4")).state is Nothing
    assert reader.read(stream_copy(signed, tmp_path / "copy.mkv")).state is Nothing
    for source in (clip_file, photo_file):
        referring = known.sign(source, tmp_path / f"far{source.suffix}", remote="http://127.0.0.1:9/manifest.c2pa")
        assert reader.read(referring).state is Stripped
        assert reader.read(source).state is Nothing


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and what was asked of it."""
    paths: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", paths
        server.shutdown()
        thread.join()


def test_no_request_leaves(
    clip_file: Path, reader: Reader, known: TestSigner, tmp_path: Path, asked: tuple[str, list[str]]
) -> None:
    address, paths = asked
    far = known.sign(clip_file, tmp_path / "far.mp4", remote=f"{address}/manifest.c2pa")
    assert reader.read(far).state is Stripped
    assert paths == []
    with far.open("rb") as file, pytest.raises(c2pa.C2paError):  # The library as it comes does ask.
        c2pa.Reader("video/mp4", file, context=c2pa.Context())
    assert paths == ["/manifest.c2pa"]


def manifest_box(content: bytes) -> tuple[int, int]:
    """Where the manifest's box begins and ends."""
    start = content.index(C2PA_BOX) - 8
    return start, start + int.from_bytes(content[start : start + 4])


def test_what_is_no_manifest_where_one_belongs_is_unreadable(
    clip_file: Path, reader: Reader, known: TestSigner, tmp_path: Path
) -> None:
    content = known.sign(clip_file, tmp_path / "signed.mp4", REFUSAL).read_bytes()
    start, end = manifest_box(content)
    room = end - start - 24
    inside = {
        "zeros": bytes(room),
        "words": (b"not a manifest. " * room)[:room],
        "nested": (b"\0\0\1\0jumb" * room)[:room],
        "shuffled": content[start + 24 : end][::-1],
        "half": content[start + 24 : start + 24 + room // 2] + bytes(room - room // 2),
    }
    path = tmp_path / "hostile.mp4"
    for name, box in inside.items():
        path.write_bytes(content[: start + 24] + box + content[end:])
        assert reader.read(path).state in (Unreadable, Broken), name


def test_what_breaks_off_inside_its_manifest_still_refuses(
    clip_file: Path, reader: Reader, known: TestSigner, tmp_path: Path
) -> None:
    content = known.sign(clip_file, tmp_path / "signed.mp4", REFUSAL).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(content[: content.index(b"notAllowed") + 20])
    found = reader.read(path)
    assert (found.state, len(found.refusals)) == (Unreadable, 1)


def test_hundreds_of_changed_manifests_never_fail(
    clip_file: Path, reader: Reader, known: TestSigner, tmp_path: Path
) -> None:
    content = known.sign(clip_file, tmp_path / "signed.mp4", REFUSAL).read_bytes()
    start, end = manifest_box(content)
    path, states = tmp_path / "changed.mp4", set()
    for place in range(start, end, 17):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        path.write_bytes(changed)
        states.add(reader.read(path).state)
    assert Broken in states
    assert Unreadable in states
    assert Nothing not in states


def test_a_manifest_too_large_is_not_read_into_memory(clip_file: Path, reader: Reader, tmp_path: Path) -> None:
    head = clip_file.read_bytes()
    size = MANIFEST_BYTES_MAX + 1
    for box in ((size).to_bytes(4, "big") + b"uuid" + C2PA_BOX, b"\0\0\0\1uuid" + size.to_bytes(8, "big") + C2PA_BOX):
        path = tmp_path / "large.mp4"
        with path.open("wb") as file:
            file.write(head + box)
            file.truncate(len(head) + size)
        found = reader.read(path)
        assert (found.state, found.problems) == (Unreadable, ("manifest.tooLarge",))
    photo = tmp_path / "large.jpg"
    with photo.open("wb") as file:
        file.write(b"\xff\xd8\xff\xe1")
        file.truncate(WHOLE_BYTES_MAX + 1)
    assert reader.read(photo).state is Unreadable


def test_what_is_no_media_has_none(reader: Reader, tmp_path: Path) -> None:
    for number, content in enumerate((b"", b"words " * 99, b"\0" * 4_000, b"\0\0\0\x18ftypmp42", b"RIFF\0\0\0\0WAVE")):
        path = tmp_path / str(number)
        path.write_bytes(content)
        assert reader.read(path).state is Nothing


@pytest.mark.parametrize("kind", ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"])
def test_made_by_a_model_is_said_by_whoever_made_it_and_by_what_was_made_of_it(
    clip_file: Path, photo_file: Path, reader: Reader, known: TestSigner, tmp_path: Path, kind: str
) -> None:
    made = known.sign(photo_file, tmp_path / "made.jpg", source_type=kind)
    assert reader.read(made).ai_made
    edited = known.sign(clip_file, tmp_path / "edited.mp4", parents=[made])
    found = reader.read(edited)
    assert (found.ai_made, [one.name for one in found.actions]) == (True, ["c2pa.opened"])
    (ingredient,) = found.ingredients
    assert (ingredient.title, ingredient.relation, bool(ingredient.manifest)) == ("made.jpg", "parentOf", True)


def test_a_refusal_further_back_counts(
    clip_file: Path, photo_file: Path, reader: Reader, known: TestSigner, stranger: TestSigner, tmp_path: Path
) -> None:
    first = stranger.sign(photo_file, tmp_path / "first.jpg", REFUSAL)
    second = known.sign(clip_file, tmp_path / "second.mp4", mining(ai_training="allowed"), parents=[first])
    found = reader.read(second)
    assert found.state is Trusted
    assert [one.uses for one in found.refusals] == [{"ai_training": "notAllowed"}]
    assert found.refusals[0].manifest != found.manifest


def test_texts_are_bounded_and_cannot_move_the_cursor(
    clip_file: Path, reader: Reader, known: TestSigner, tmp_path: Path
) -> None:
    title = "\x1b[2J\u202e<b>" + "long " * 500
    found = reader.read(known.sign(clip_file, tmp_path / "signed.mp4", title=title))
    assert len(found.title) == 200
    assert found.title.isprintable()
    assert found.title.startswith("[2J<b>long")


def test_a_trust_list_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTrustList, match="OPENFORYOU_C2PA_TRUST"):
        Reader("-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n")
    with pytest.raises(BadTrustList, match="CERTIFICATE"):
        Reader("nothing of the kind")


def test_many_threads_read_at_once(clip_file: Path, reader: Reader, known: TestSigner, tmp_path: Path) -> None:
    signed = known.sign(clip_file, tmp_path / "signed.mp4")
    states: list[CredentialState] = []
    threads = [
        threading.Thread(target=lambda: states.extend(reader.read(signed).state for _ in range(10))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == [Trusted] * 60
