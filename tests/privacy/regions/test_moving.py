"""People moved between two brokers: killed anywhere it goes on, and nothing but equal inventories is certified."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openforyou.app.broker import Reaching
from openforyou.app.keys import enrol_first
from openforyou.app.platform import Platform
from openforyou.app.regions import check_certificate, folder, journal
from openforyou.app.settings import Settings
from openforyou.core.encoding import to_base64url
from openforyou.core.ids import decode_id
from openforyou.events.leaf import Record, decode_leaf
from openforyou.ledger.keys import SigningKey
from openforyou.ledger.source import FolderSource
from openforyou.privacy.access import acts
from openforyou.privacy.regions import rules
from openforyou.privacy.regions.errors import BadCertificate, Leftovers, NoQuorum, NotYet, Unequal
from openforyou.privacy.regions.moving import Moving
from openforyou.privacy.vault.errors import RegionEnded, WrongRegion
from openforyou.privacy.vault.types import Field, Kind, Subject

PASSWORD = "a long enough one"


class Killed(BaseException):
    """The process ends here."""


class Pair:
    """A platform of the region home, with people and two administrators; a broker of the region north beside it."""

    def __init__(self, platform: Platform, folder_: Path) -> None:
        self.platform = platform
        self.north = Reaching(Settings.model_construct(data=folder_, region="north"))
        self.backup = folder_ / "backup"
        self.backup.mkdir(parents=True)
        self.people = [platform.accounts.sign_up(f"{name}@example.org", PASSWORD) for name in ("ada", "bob")]
        self.secrets = platform.keeper.event_secrets([one.viewer_id for one in self.people])
        self.keys = {}
        for name in ("root", "deputy"):
            key = Ed25519PrivateKey.generate()
            self.keys[enrol_first(platform.settings, name, acts.public_text(key), clock=platform.clock)] = key
        platform.access.carry()

    @property
    def places(self) -> list[Path]:
        return [self.platform.settings.data, self.backup]

    def moving(self, step: Callable[[str], None] = lambda _: None) -> Moving:
        platform = self.platform
        brokers = (platform.keeper, self.north)
        return Moving(platform.database, platform.clock, brokers, folder(platform.settings), step)

    def move(self) -> None:
        self.moving().move(("home", "north"), self.places)

    def agree(self, count: int = 2) -> None:
        for who, key in list(self.keys.items())[:count]:
            self.moving().agree(who, key)

    def certify(self, step: Callable[[str], None] = lambda _: None) -> str:
        return self.moving(step).certify(self.places, ["tapes"], self.platform.settings.log_key())


@pytest.fixture
def pair(platform: Platform, tmp_path: Path) -> Iterator[Pair]:
    made = Pair(platform, tmp_path / "north")
    yield made
    made.north.close()


def at_home(pair: Pair, data: Path) -> Platform:
    """A platform of the region north on the same database."""
    url = pair.platform.database.engine.url.render_as_string(hide_password=False)
    return Platform(Settings(data=data, region="north"), clock=pair.platform.clock, database_url=url)


def test_killed_at_each_step_it_goes_on_and_ends_in_a_certificate(pair: Pair, tmp_path: Path) -> None:
    for name in ("planted", "counted", "secrets", "one", "one", "moved"):

        def kill(step: str, name: str = name) -> None:
            if step == name:
                raise Killed

        with pytest.raises(Killed):
            pair.moving(kill).move(("home", "north"), pair.places)
    pair.move()
    pair.agree()
    for name in ("destroyed", "ended", "rewritten"):

        def stop(step: str, name: str = name) -> None:
            if step == name:
                raise Killed

        with pytest.raises(Killed):
            pair.certify(stop)
    text = pair.certify()
    pair.platform.log.step()
    key = pair.platform.settings.log_key().verifying
    source = FolderSource(pair.platform.settings.log_folder)
    told = check_certificate(text, key, source)
    assert told["inventory"]["before"] == told["inventory"]["after"]
    assert told["inventory"]["after"]["entries"] == 2 * 4 + 3 * 2
    assert told["scan"]["seen_before"]["key store"] > 0
    assert "tapes" in told["scan"]["not_scanned"]
    assert not list(pair.platform.settings.broker_folder.glob("region.key"))
    with pytest.raises(RegionEnded):
        pair.platform.accounts.sign_in("ada@example.org", PASSWORD)
    with at_home(pair, tmp_path / "north") as north:
        account = north.accounts.sign_in("ada@example.org", PASSWORD)
        assert account.viewer_id == pair.people[0].viewer_id
        assert north.keeper.event_secrets([one.viewer_id for one in pair.people]) == pair.secrets
    left = journal(pair.platform.settings)
    assert left is not None
    assert (left.key, left.needles) == ("", "")


def test_unequal_inventories_stop_it(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    seal = pair.north.seal
    monkeypatch.setattr(pair.north, "seal", lambda who, values: seal(who, dict.fromkeys(values, b"another")))
    with pytest.raises(Unequal):
        pair.move()
    with pytest.raises(NotYet):
        pair.certify()
    assert pair.platform.keeper.call("about", {}) == {"region": "home"}


def test_one_word_destroys_nothing(pair: Pair) -> None:
    pair.move()
    pair.agree(1)
    with pytest.raises(NoQuorum):
        pair.certify()
    (who, key) = next(iter(pair.keys.items()))
    word = json.loads((folder(pair.platform.settings) / "journal.json").read_text())["word"]
    mine = rules.end_bytes(word)
    other = next(one for one in pair.keys if one != who)
    for signatures in ({who: key.sign(mine), other: key.sign(mine)}, {who: key.sign(mine), "x": key.sign(mine)}, {}):
        told = {name: to_base64url(one) for name, one in signatures.items()}
        with pytest.raises(NoQuorum):
            pair.platform.keeper.call("regions.end", {"text": word, "signatures": told})
    assert (pair.platform.settings.broker_folder / "region.key").exists()
    assert pair.platform.keeper.event_secrets([one.viewer_id for one in pair.people]) == pair.secrets


def test_a_leftover_is_named_and_a_forged_certificate_too(pair: Pair) -> None:
    pair.moving().move(("home", "north"), pair.places)
    (pair.backup / "dump.sql").write_bytes(b"")
    keystore = pair.platform.settings.broker_folder / "keys.sqlite"
    (pair.backup / "keys.old").write_bytes(keystore.read_bytes())
    pair.agree()
    with pytest.raises(Leftovers, match=r"keys\.old"):
        pair.certify()
    (pair.backup / "keys.old").unlink()
    text = pair.certify()
    pair.platform.log.step()
    key = pair.platform.settings.log_key()
    source = FolderSource(pair.platform.settings.log_folder)
    with pytest.raises(BadCertificate, match="not signed"):
        check_certificate(text.replace('"marks":', '"marks":1'), key.verifying, source)
    body = rules.opened(text, [key.verifying])
    with pytest.raises(BadCertificate, match="destroyed by two"):
        rules.certify({**body, "destroyed": {**body["destroyed"], "by": ["one", "one"]}}, key)
    said = decode_leaf(rules.leaf(body, rules.digest_of(text)))
    assert isinstance(said, Record)
    assert rules.is_sound(said.body)
    assert not rules.is_sound({**said.body, "to": said.body["from"]})
    assert not rules.is_sound({**said.body, "who": "ada"})
    again = rules.certify({**body, "keys": 9}, key)
    with pytest.raises(BadCertificate, match="does not name"):
        check_certificate(again, key.verifying, source)
    with pytest.raises(BadCertificate, match="not signed"):
        check_certificate(rules.certify(body, SigningKey.generate(key.name)), key.verifying, source)


def test_another_regions_seal_is_refused_by_the_missing_key(pair: Pair) -> None:
    who = Subject(Kind.ACCOUNT, decode_id("1111111112C"))
    sealed = pair.north.seal(who, {Field.EMAIL: b"eve@example.org"})
    with pytest.raises(WrongRegion) as caught:
        pair.platform.keeper.open_own(who, sealed)
    assert "Ask the broker of north" in caught.value.hint
