"""A server says in the log by which weights it ranks."""

from __future__ import annotations

from dataclasses import asdict

from openforyou.app.announce import announce
from openforyou.app.platform import Platform
from openforyou.core.encoding import digest
from openforyou.events.leaf import Record, decode_leaf
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource


def test_the_weights_in_service_are_a_record_that_slates_name_and_are_said_once(platform: Platform) -> None:
    announce(platform)
    assert platform.log.step() == 1
    announce(platform)
    assert platform.log.step() == 1
    (told,) = next(Log(FolderSource(platform.settings.log_folder)).entries(0, 1, 1))
    record = decode_leaf(told)
    assert isinstance(record, Record)
    assert record.type == "weights"
    assert record.body["values"] == asdict(platform.feed.weights)
    assert record.body["digest"] == digest(record.body["values"])
    assert record.body["digest"].startswith(platform.feed.weights.digest())


def test_a_log_that_cannot_be_read_keeps_nobody_from_serving(platform: Platform) -> None:
    announce(platform)
    platform.log.step()
    (platform.settings.log_folder / "checkpoint").write_bytes(b"no checkpoint")
    announce(platform)
