"""Of every table it is said whose rows it holds, and a table or column that changes its name does not slip through."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from openforyou.privacy.person.places import NOBODYS, PLACES, TOPICS, Fate, unmapped
from openforyou.storage.schema import PERSONAL, PSEUDONYM, metadata
from tests.storage import test_schema  # imports every table  # noqa: F401

ALLOWED = {"erasures"}
"""Its one personal column is emptied with the last step (`test_erasing`)."""


def test_every_table_is_somebody_s_or_nobody_s_with_the_reason() -> None:
    assert unmapped(metadata.tables) == []
    assert {place.topic for place in PLACES} == set(TOPICS)
    assert not {place.table for place in PLACES} & NOBODYS.keys()
    assert all(place.why for place in PLACES if place.fate is not Fate.GONE)


def test_what_holds_personal_or_pseudonymous_columns_is_exported_and_erased() -> None:
    marks = {PERSONAL.erasure, PSEUDONYM.erasure}
    marked = {
        table.name
        for table in metadata.tables.values()
        if any(column.info["erasure"] in marks for column in table.columns)
    }
    erased = {place.table for place in PLACES if place.fate is not Fate.STAYS}
    assert len(marked) >= 15
    assert marked - erased == set()


def test_no_column_that_names_a_person_stands_in_a_table_of_nobody() -> None:
    naming = {
        "viewer_id",
        "account_id",
        "creator_id",
        "email_mark",
        "ward_mark",
        "guardian_mark",
        "subject_id",
        "owner_id",
        "claimant_id",
    }
    found = [f"{name}.{column.name}" for name in NOBODYS for column in metadata.tables[name].columns]
    assert [one for one in found if one.split(".")[1] in naming] == []


def test_a_new_table_and_a_renamed_column_are_named() -> None:
    Table("planted", metadata, Column("viewer_id", BigInteger))
    held = metadata.tables["viewer_secrets"]
    metadata.remove(held)
    Table("viewer_secrets", metadata, Column("viewer", BigInteger), Column("secret", LargeBinary))
    try:
        assert unmapped(metadata.tables) == ["planted", "viewer_secrets.viewer_id"]
    finally:
        metadata.remove(metadata.tables["planted"])
        metadata.remove(metadata.tables["viewer_secrets"])
        metadata._add_table("viewer_secrets", None, held)
