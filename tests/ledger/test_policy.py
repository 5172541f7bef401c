"""Policies: the grammar of tlog-policy line by line, and when a checkpoint satisfies one."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.ledger.checkpoint import Checkpoint, parse_checkpoint, sign
from openforyou.ledger.cosignature import CLOCK_SKEW_MAX_S, cosign
from openforyou.ledger.errors import BadKey, BadNote, BadPolicy, BadSignature, NoQuorum
from openforyou.ledger.note import Algorithm, Signature, SigningKey
from openforyou.ledger.policy import Policy

PUBLISHED = Path(__file__).parent / "published"
NOW_S = 1_780_000_000
LOG = SigningKey("log.example", Algorithm.ED25519, b"log".ljust(32))
HEAD = Checkpoint("log.example", 5, bytes(range(32)))


def witness(name: str) -> SigningKey:
    """Every other witness is safe against quantum computers."""
    kinds = (Algorithm.ED25519_COSIGNATURE, Algorithm.MLDSA44_COSIGNATURE)
    return SigningKey(f"{name.lower()}.example", kinds[ord(name[-1]) % 2], name.encode().ljust(32))


WITNESSES = {name: witness(name) for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3")}
V = {name: key.vkey() for name, key in WITNESSES.items()}

# The example of tlog-policy, with keys in it.
EXAMPLE = f"""\
log {LOG.vkey()}

witness X1 {V["X1"]}
witness X2 {V["X2"]}
witness X3 {V["X3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {V["Y1"]}
witness Y2 {V["Y2"]}
witness Y3 {V["Y3"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def cosigned(*names: str, at_s: int = NOW_S) -> bytes:
    _, note = parse_checkpoint(sign(HEAD, LOG))
    return note.with_signatures([cosign(HEAD, WITNESSES[name], at_s) for name in names]).format()


def test_the_example_is_met_by_two_of_x_and_one_of_y() -> None:
    policy = Policy.parse(EXAMPLE)
    assert [group.threshold for group in policy.groups] == [2, 1, 2]
    for count in range(7):
        for names in combinations(WITNESSES, count):
            enough = sum(name < "Y" for name in names) >= 2 and any(name > "Y" for name in names)
            assert policy.is_met_by(names) == enough
    verified = policy.check(cosigned("Y2", "X1", "X3"))
    assert verified.checkpoint == HEAD
    assert verified.log == LOG.verifying
    assert verified.witnesses == (("X1", NOW_S), ("X3", NOW_S), ("Y2", NOW_S))
    with pytest.raises(NoQuorum, match=r"log\.example at 5 is cosigned only by X1, Y1; the quorum is X-and-Y"):
        policy.check(cosigned("X1", "Y1"))
    with pytest.raises(NoQuorum, match="by no witness of the policy"):
        policy.check(cosigned())


def test_names_that_are_no_witness_of_the_policy_meet_nothing() -> None:
    policy = Policy.parse(EXAMPLE)
    assert not policy.is_met_by(["X-witnesses", "Y-witnesses", "X-and-Y", "Z"])


def test_a_real_checkpoint_and_its_witnesses() -> None:
    policy = Policy.parse((PUBLISHED / "arche2025h1.policy").read_bytes())
    assert [entry.url for entry in policy.witnesses if entry.url] == ["https://remora.n621.de/"]
    data = (PUBLISHED / "arche2025h1.checkpoint").read_bytes()
    verified = policy.check(data, now_s=1779573024)
    assert verified.checkpoint.size == 1432088532
    assert dict(verified.witnesses) == dict.fromkeys(("garden", "smartit", "remora", "mole"), 1779573024)
    without_one = b"".join(line for line in data.splitlines(keepends=True) if b"stagemole" not in line)
    with pytest.raises(NoQuorum, match="garden, smartit, remora; the quorum is four"):
        policy.check(without_one)


def test_white_space_comments_and_order_are_free() -> None:
    text = f"""
\t # indented comment with é
#
  witness   X1\t{V["X1"]}  https://x1.example/  \t
group g any X1
quorum g
   log {LOG.vkey()}   https://log.example/
log {SigningKey("log.example", Algorithm.MLDSA44_COSIGNATURE, bytes(32)).vkey()}"""
    policy = Policy.parse(text)
    assert [log.url for log in policy.logs] == ["https://log.example/", None]
    assert policy.witnesses[0].url == "https://x1.example/"
    assert policy.check(cosigned("X1")).witnesses == (("X1", NOW_S),)


def test_a_single_witness_is_a_quorum_and_so_is_none() -> None:
    one = Policy.parse(f"log {LOG.vkey()}\nwitness X1 {V['X1']}\nwitness X2 {V['X2']}\nquorum X1\n")
    assert one.check(cosigned("X1")).witnesses == (("X1", NOW_S),)
    with pytest.raises(NoQuorum):
        one.check(cosigned("X2"))
    nobody = Policy.parse(f"log {LOG.vkey()}\nwitness X1 {V['X1']}\nquorum none\n")
    assert nobody.quorum is None
    assert nobody.check(cosigned()).witnesses == ()
    assert nobody.check(cosigned("X1", "X2")).witnesses == (("X1", NOW_S),)


def test_names_are_bytes() -> None:
    """The Kelvin sign is not K, and what is not UTF-8 is a name as well."""
    text = f"log {LOG.vkey()}\nwitness K {V['X1']}\nwitness \u212a {V['X2']}\nquorum \u212a\n"
    with pytest.raises(NoQuorum):
        Policy.parse(text).check(cosigned("X1"))
    assert Policy.parse(text).check(cosigned("X2"))
    raw = text.encode().replace("\u212a".encode(), b"\xff\xfe")
    assert Policy.parse(raw).check(cosigned("X2"))
    with pytest.raises(NoQuorum) as caught:
        Policy.parse(raw).check(cosigned("X1"))
    assert str(caught.value).encode()
    assert Policy.parse(raw.decode("utf-8", "surrogateescape")) == Policy.parse(raw)


WITNESS_X1 = f"witness X1 {V['X1']}\n"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "no quorum line"),
        ("# quorum none\n", "no quorum line"),
        ("quorum none\nquorum none\n", "line 2: the quorum is on line 1 already"),
        ("quorum\n", "line 1: a quorum line is"),
        ("quorum none none\n", "line 1: a quorum line is"),
        ("\nquorum g\n", "line 2: 'g' is not defined on a line before"),
        (f"quorum X1\n{WITNESS_X1}", "line 1: 'X1' is not defined on a line before"),
        ("Quorum none\n", "line 1: 'Quorum' is none of log, witness, group, quorum"),
        ("quorum none # as yet\n", "line 1: a quorum line is"),
        ("quorum none\r\n", "line 1: the byte 0x0d is not allowed"),
        ("quorum\x0bnone\n", "line 1: the byte 0x0b is not allowed"),
        ("# \x7f\nquorum none\n", "line 1: the byte 0x7f is not allowed"),
        ("quorum none\x00\n", "line 1: the byte 0x00 is not allowed"),
        ("quorum\u00a0none\n", "line 1: 'quorum\\\\xa0none' is none of"),
        ("log\n", "line 1: a log line is"),
        (f"log {LOG.vkey()} https://a/ b\n", "line 1: a log line is"),
        ("log nonsense\n", "line 1: not a verifier key"),
        (f"log {LOG.vkey().replace(f'{LOG.key_id:08x}', '00000000')}\n", "line 1: .*for itself"),
        (f"log {V['X2']}\n", "line 1: .*for a witness, not for a log"),
        (f"log {LOG.vkey()}\nlog {LOG.vkey()}\n", r"line 2: the key of log\.example is there already, as log\.example"),
        (
            f"log {LOG.vkey()}\nlog {SigningKey('alias.example', Algorithm.ED25519, b'log'.ljust(32)).vkey()}\n",
            r"line 2: the key of alias\.example is there already, as log\.example",
        ),
        ("witness X1\n", "line 1: a witness line is"),
        (f"witness {V['X1']}\n", "line 1: a witness line is"),
        (f"witness X1 {LOG.vkey()}\n", "line 1: .*for a log, not for a witness"),
        (f"witness none {V['X1']}\n", "line 1: the name none is taken"),
        (f"{WITNESS_X1}witness X1 {V['X2']}\n", "line 2: the name 'X1' is taken"),
        (f"{WITNESS_X1}witness X2 {V['X1']}\n", r"line 2: the key of x1\.example is there already"),
        (
            "".join(
                f"witness W{number} "
                f"{SigningKey(f'w{number}.example', Algorithm.ED25519_COSIGNATURE, bytes(32)).vkey()}\n"
                for number in (1, 2)
            ),
            r"line 2: the key of w2\.example is there already, as w1\.example",
        ),
        (f"{WITNESS_X1}group g any\n", "line 2: a group line is"),
        (f"{WITNESS_X1}group X1 any X1\n", "line 2: the name 'X1' is taken"),
        (f"{WITNESS_X1}group none any X1\n", "line 2: the name none is taken"),
        (f"{WITNESS_X1}group g any none\n", "line 2: 'none' is not defined"),
        (f"{WITNESS_X1}group g any g\n", "line 2: 'g' is not defined on a line before"),
        (f"group g any X1\n{WITNESS_X1}", "line 1: 'X1' is not defined on a line before"),
        (f"{WITNESS_X1}group g any X1 X1\n", "line 2: 'X1' is a member already"),
        (f"{WITNESS_X1}group g any X1\ngroup h any X1\n", "line 3: 'X1' is a member already"),
        *(
            (f"{WITNESS_X1}group g {asked} X1\n", "line 2: the threshold .* is not all, any, or a number from 1 to 1")
            for asked in ("0", "2", "-1", "01", "1.0", "0x1", "ALL", "some", "\u0661", "9" * 5_000)
        ),
        ("quorum none\n" + "#" * (1 << 20), "over the limit"),
        ("quorum none\n" + "\n" * 2_000, "over the limit"),
        ("\ud800\n", "only what UTF-8 can write"),
    ],
)
def test_what_is_no_policy(text: str, wrong: str) -> None:
    with pytest.raises(BadPolicy, match=wrong):
        Policy.parse(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_policy_or_an_error(data: bytes) -> None:
    try:
        policy = Policy.parse(data)
    except BadPolicy:
        return
    assert policy.quorum is None


def test_thirty_two_of_each_and_more() -> None:
    keys = [SigningKey(f"w{n}.example", Algorithm.ED25519_COSIGNATURE, bytes([n]) * 32) for n in range(64)]
    lines = [f"log {SigningKey(f'l{n}.example', Algorithm.ED25519, bytes([n]) * 32).vkey()}\n" for n in range(64)]
    lines += [f"witness w{n} {key.vkey()}\n" for n, key in enumerate(keys)]
    lines += [f"group g{n} all w{n}{f' g{n - 1}' if n else ''}\n" for n in range(64)]
    policy = Policy.parse("".join(lines) + "quorum g63\n")
    assert policy.is_met_by([f"w{n}" for n in range(64)])
    assert not policy.is_met_by([f"w{n}" for n in range(1, 64)])


def test_only_a_log_of_the_policy_is_believed() -> None:
    policy = Policy.parse(EXAMPLE)
    stranger = SigningKey("log.example", Algorithm.ED25519, bytes(32))
    other = SigningKey("other.example", Algorithm.ED25519, bytes(32))
    for forged in (sign(HEAD, stranger), sign(Checkpoint("other.example", 5, bytes(32)), other)):
        with pytest.raises(BadSignature, match="is not signed by"):
            policy.check(forged)
    with pytest.raises(BadNote):
        policy.check(b"nonsense")
    with pytest.raises(BadSignature, match="no log at all"):
        Policy.parse("quorum none\n").check(cosigned())


def test_a_forged_cosignature_is_not_merely_missing() -> None:
    policy = Policy.parse(EXAMPLE)
    _, note = parse_checkpoint(cosigned("X1", "X2", "Y1"))
    for name in ("X3", "Y2"):
        key = WITNESSES[name]
        length = 8 + key.algorithm.signature_bytes
        with pytest.raises(BadSignature, match=rf"{key.name} does not verify"):
            policy.check(note.with_signatures([Signature.by(key, bytes(length))]).format())


def test_one_witness_counts_once_with_its_latest_time() -> None:
    policy = Policy.parse(EXAMPLE.replace("quorum X-and-Y", "quorum X-witnesses"))
    _, note = parse_checkpoint(cosigned("X1"))
    twice = note.with_signatures([cosign(HEAD, WITNESSES["X1"], at_s) for at_s in (NOW_S + 7, NOW_S + 3)])
    with pytest.raises(NoQuorum, match="only by X1"):
        policy.check(twice.format())
    enough = twice.with_signatures([cosign(HEAD, WITNESSES["X2"], 0)])
    assert policy.check(enough.format()).witnesses == (("X1", NOW_S + 7), ("X2", 0))


def test_cosignatures_from_the_future_do_not_count() -> None:
    policy = Policy.parse(f"log {LOG.vkey()}\nwitness X1 {V['X1']}\nquorum X1\n")
    data = cosigned("X1", at_s=NOW_S + CLOCK_SKEW_MAX_S + 1)
    assert policy.check(data)
    assert policy.check(data, now_s=NOW_S + 1)
    with pytest.raises(NoQuorum, match="dated in the future: X1"):
        policy.check(data, now_s=NOW_S)


def test_the_policy_of_one_key() -> None:
    policy = Policy.single(LOG.vkey())
    assert policy.check(cosigned("X1")).checkpoint == HEAD
    assert policy.is_met_by([])
    assert policy.with_log(LOG.verifying) == policy
    with pytest.raises(BadKey, match="for a witness"):
        Policy.single(V["X2"])
    with pytest.raises(BadKey):
        Policy.single("nonsense")


def test_rules_without_a_log_take_one_from_elsewhere() -> None:
    rules = Policy.parse(f"witness X1 {V['X1']}\nquorum X1\n")
    assert rules.with_log(LOG.verifying).check(cosigned("X1")).log == LOG.verifying
    with pytest.raises(NoQuorum):
        rules.with_log(LOG.verifying).check(cosigned())
