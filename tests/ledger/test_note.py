"""Notes and keys: the examples of signed-note and of Go's sumdb, and what must not be taken for a note."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.ledger.errors import BadKey, BadNote, BadSignature
from openforyou.ledger.keys import is_key_name
from openforyou.ledger.note import (
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    Algorithm,
    Note,
    Signature,
    SigningKey,
    VerifyingKey,
    parse_note,
    parse_signatures,
    sign,
    verify,
)

# signed-note: the example at its head, for which it gives no key, and the one in its test vectors, for which it does.
POEM = """\
Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore \
NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""
EXAMPLE = """\
This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

# golang.org/x/mod/sumdb/note
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

KEY = SigningKey("log.example/one", Algorithm.ED25519, bytes(range(32)))
OTHER = SigningKey("log.example/two", Algorithm.ED25519, bytes(range(1, 33)))
LINE = Signature.by(KEY, b"signature").line()


def test_the_poem_keeps_its_empty_line() -> None:
    note = parse_note(POEM.encode())
    assert note.text == "".join(f"{line}\n" for line in POEM.split("\n")[:4])
    assert [(line.name, line.key_id, len(line.data)) for line in note.signatures] == [
        ("quasimodo.example/salvatore", 0x367BA04B, 64)
    ]
    assert note.format() == POEM.encode()


def test_the_example_verifies() -> None:
    note, key = parse_note(EXAMPLE.encode()), VerifyingKey.from_vkey(EXAMPLE_KEY)
    assert verify(note, [key]) == note.signatures
    assert key.key_id == 0x530D903A
    for changed in (EXAMPLE.replace("example m", "Example m"), EXAMPLE.replace("message.\n", "message.\n\n")):
        with pytest.raises(BadSignature, match=r"example\.com/foo does not verify"):
            verify(parse_note(changed.encode()), [key])


def test_go_and_we_sign_alike() -> None:
    key = SigningKey.from_text(PETER_PRIVATE)
    assert key.vkey() == PETER
    assert key.text() == PETER_PRIVATE
    signed = sign(PETER_TEXT, key)
    assert signed == (PETER_TEXT + "\n" + PETER_LINE).encode()
    assert verify(parse_note(signed), [VerifyingKey.from_vkey(PETER)])


@pytest.mark.parametrize(
    "vkey",
    [
        EXAMPLE_KEY,
        PETER,
        "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
        "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        (Path(__file__).parent / "published" / "navigli.vkey").read_text().strip(),
    ],
)
def test_vkeys_of_others_are_read_and_written_back(vkey: str) -> None:
    assert VerifyingKey.from_vkey(vkey).vkey() == vkey


@pytest.mark.parametrize(
    ("vkey", "wrong"),
    [
        ("", "not a verifier key"),
        ("example.com/foo", "not a verifier key"),
        ("example.com/foo+530d903a", "not a verifier key"),
        (EXAMPLE_KEY.replace("530d903a", "530d903b"), "says 530d903b for itself, but is 530d903a"),
        (EXAMPLE_KEY.replace("530d903a", "530D903A"), "not a verifier key"),
        (EXAMPLE_KEY.replace("530d903a", "530d903"), "not a verifier key"),
        (EXAMPLE_KEY.replace("530d903a", "0x0d903a"), "not a verifier key"),
        (EXAMPLE_KEY + "!", "not a verifier key"),
        (EXAMPLE_KEY + "\n", "not a verifier key"),
        (EXAMPLE_KEY[:-4], "has 29 bytes, not 32"),
        (EXAMPLE_KEY[:-1] + "=", "not a verifier key"),
        (EXAMPLE_KEY.replace("+Ae", "+Ae\n"), "not a verifier key"),
        (EXAMPLE_KEY.replace("example.com", "example com"), "is not a key name"),
        ("+" + EXAMPLE_KEY.split("+", 1)[1], "is not a key name"),
        ("a+00000000+", "not a verifier key"),
        ("a+00000000+Ag==", "is of type 0x02"),
        ("a" * 5_000, "characters at most"),
    ],
)
def test_what_is_no_vkey(vkey: str, wrong: str) -> None:
    with pytest.raises(BadKey, match=wrong):
        VerifyingKey.from_vkey(vkey)


def test_base64_has_one_spelling() -> None:
    """68 bytes leave two bits of the last character over; only zeros there are the signature."""
    assert parse_note(EXAMPLE.encode())
    with pytest.raises(BadNote, match="base 64"):
        parse_note(EXAMPLE.replace("aQM=", "aQN=").encode())


@given(st.sampled_from(Algorithm), st.binary(min_size=32, max_size=32), st.text(max_size=20).filter(is_key_name))
def test_every_key_survives_its_texts(algorithm: Algorithm, seed: bytes, name: str) -> None:
    key = SigningKey(name, algorithm, seed)
    again = SigningKey.from_text(key.text())
    assert again.verifying == key.verifying == VerifyingKey.from_vkey(key.vkey())
    material = name.encode() + b"\n" + bytes([algorithm]) + key.verifying.public
    assert key.key_id == int.from_bytes(hashlib.sha256(material).digest()[:4], "big")
    assert key.verifying.verifies(again.sign_bytes(b"message"), b"message")
    assert not key.verifying.verifies(again.sign_bytes(b"message"), b"massage")
    assert not key.verifying.verifies(b"", b"message")


@pytest.mark.parametrize(
    "name", ["", "a b", "a\u00a0b", "a\u2003b", "a\u3000", "a+b", "a\nb", "a\x00", "a\x85", "\udc80"]
)
def test_what_is_no_key_name(name: str) -> None:
    with pytest.raises(BadKey, match="is not a key name"):
        SigningKey(name, Algorithm.ED25519, bytes(32))


def test_a_key_file_is_private_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    key = SigningKey.generate("log.example", Algorithm.MLDSA44_COSIGNATURE)
    key.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SigningKey.load(path).vkey() == key.vkey()
    with pytest.raises(FileExistsError):
        SigningKey.generate("log.example").save(path)
    assert SigningKey.load(path).vkey() == key.vkey()
    assert [file.name for file in tmp_path.iterdir()] == ["log.key"]
    assert SigningKey.generate("a").vkey() != SigningKey.generate("a").vkey()


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"PRIVATE+KEY+a+00000000+AQ==\n", KEY.text().encode()[:-8], b"x" * 10_000]
)
def test_a_damaged_key_file_is_named_and_its_secret_is_not_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.key"
    path.write_bytes(content)
    with pytest.raises(BadKey, match=r"log\.key holds no private key") as caught:
        SigningKey.load(path)
    assert KEY.text()[-30:-10] not in str(caught.value)


def test_a_private_key_does_not_show_itself() -> None:
    assert KEY.text().rsplit("+", 1)[1] not in repr(KEY)
    wrong_id = KEY.text().replace(f"{KEY.key_id:08x}", "00000000")
    with pytest.raises(BadKey, match="says 00000000 for itself") as caught:
        SigningKey.from_text(wrong_id)
    assert wrong_id.rsplit("+", 1)[1] not in str(caught.value)
    with pytest.raises(BadKey, match="starts with"):
        SigningKey.from_text(KEY.vkey())


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ("", "no empty line"),
        ("text\n", "no empty line"),
        ("text\n" + LINE, "no empty line"),
        ("text\n\n", "no signature"),
        ("text\n\n" + LINE[:-1], "does not end in a newline"),
        ("text\n\n" + LINE + "more\n", "not a signature line"),
        ("text\n\n" + LINE.replace("— ", "- "), "not a signature line"),
        ("text\n\n" + LINE.replace("— ", "—"), "not a signature line"),
        ("text\n\n" + LINE.replace("— ", "—  "), "no key name"),
        ("text\n\n" + LINE.replace("log.example", "log+example"), "no key name"),
        ("text\n\n" + LINE.replace("log.example", "log\u00a0example"), "no key name"),
        ("text\n\n— name\n", "no key name"),
        ("text\n\n— name \n", "no signature"),
        ("text\n\n— name AAAAAA==\n", "no signature"),
        ("text\n\n— name AAAAAAA\n", "no base 64"),
        ("text\n\n— name AAAA AAAA\n", "no base 64"),
        ("text\n\n— name AAAA_-AA\n", "no base 64"),
        ("text\n\n" + LINE.replace("\n", " \n"), "no base 64"),
        ("text\r\n\n" + LINE, r"control character, but there is '\\r'"),
        ("text\n\n" + LINE.replace("\n", "\r\n"), "control character"),
        ("te\txt\n\n" + LINE, "control character"),
        ("te\x00xt\n\n" + LINE, "control character"),
        ("text\n\n" + LINE * (SIGNATURES_MAX + 1), "over 100 signatures"),
        ("x" * NOTE_BYTES_MAX + "\n\n" + LINE, "over the limit"),
    ],
)
def test_what_is_no_note(data: str, wrong: str) -> None:
    with pytest.raises(BadNote, match=wrong):
        parse_note(data.encode())


def test_a_note_is_utf8() -> None:
    for data in (b"te\xffxt\n\n", b"te\xed\xa0\x80xt\n\n", b"te\xc0\x8axt\n\n"):
        with pytest.raises(BadNote, match="not UTF-8 at byte 2"):
            parse_note(data + LINE.encode())


@pytest.mark.parametrize("text", ["\n", "\n\n", "a\n\n", "\n\na\n", "— a b\n", "è\u2028\x85\x7f\n", "a\n\n" + LINE])
def test_any_text_that_ends_in_a_newline_can_be_signed(text: str) -> None:
    note = parse_note(sign(text, KEY, OTHER))
    assert note.text == text
    assert [line.name for line in verify(note, [KEY.verifying, OTHER.verifying])] == [KEY.name, OTHER.name]


@pytest.mark.parametrize("text", ["", "a", "a\t\n", "a\r\n", "\ud800\n"])
def test_other_text_cannot(text: str) -> None:
    with pytest.raises(BadNote):
        sign(text, KEY)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=40), st.data())
def test_no_change_to_a_signed_note_passes(text: str, data: st.DataObject) -> None:
    signed = sign(text + "\n", KEY)
    at = data.draw(st.integers(0, len(signed) - 1))
    changed = data.draw(st.integers(0, 255).filter(lambda value: value != signed[at]))
    with pytest.raises((BadNote, BadSignature)):
        verify(parse_note(signed[:at] + bytes([changed]) + signed[at + 1 :]), [KEY.verifying])


def test_unknown_signatures_are_passed_over_and_known_ones_must_verify() -> None:
    note = parse_note(sign("text\n", KEY))
    stranger = Signature("stranger", 1, b"?")
    same_name = Signature(KEY.name, KEY.key_id ^ 1, b"?")
    same_id = Signature("stranger", KEY.key_id, b"?")
    crowd = note.with_signatures([stranger, same_name, same_id])
    assert verify(parse_note(crowd.format()), [KEY.verifying]) == note.signatures
    forged = crowd.with_signatures([Signature(KEY.name, KEY.key_id, bytes(64))])
    with pytest.raises(BadSignature, match="does not verify"):
        verify(forged, [KEY.verifying])
    for keys in ([], [OTHER.verifying]):
        with pytest.raises(BadSignature, match="is not signed by"):
            verify(crowd, keys)


def test_signatures_are_added_once() -> None:
    note = Note("text\n", (Signature("a", 1, b"x"),))
    added = note.with_signatures([Signature("b", 2, b"y"), Signature("a", 1, b"x"), Signature("b", 2, b"y")])
    assert [line.name for line in added.signatures] == ["a", "b"]


def test_a_cosigning_key_does_not_sign_any_note() -> None:
    witness = SigningKey("witness.example", Algorithm.ED25519_COSIGNATURE, bytes(32))
    with pytest.raises(ValueError, match="signs checkpoints"):
        sign("text\n", witness)
    with pytest.raises(ValueError, match="signs checkpoints"):
        verify(parse_note(sign("text\n", KEY)), [witness.verifying])


def test_the_answer_of_a_witness_is_signature_lines() -> None:
    """The example response in tlog-witness."""
    answer = """\
— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up\
69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/l\
CAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysA\
dyP3wQ==
"""
    lines = parse_signatures(answer.encode())
    assert [(line.name, len(line.data)) for line in lines] == [
        ("witness.example/w1", 72),
        ("witness.example/w1", 72),
        ("witness.example/w2", 72),
    ]
    assert "".join(line.line() for line in lines) == answer
    assert parse_signatures(b"") == ()
    for wrong in (answer[:-1], "\n" + answer, answer + "\n", "x" * NOTE_BYTES_MAX + "\n"):
        with pytest.raises(BadNote):
            parse_signatures(wrong.encode())
